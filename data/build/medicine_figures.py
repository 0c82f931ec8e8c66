"""Numbers of an invented study that fit together: shares and conclusions follow from counts."""

import math
import random
from dataclasses import dataclass

from data.build.cases import Case

# Kind of topic -> mean age, its spread, the youngest and the oldest; and words for one of them.
AGES = {
    "child": ((2, 9), (1, 3), (1, 2), (11, 14)), "birth": ((22, 34), (4, 6), (16, 19), (38, 44)),
    "men": ((60, 70), (6, 9), (44, 52), (78, 86)), "women": ((46, 60), (8, 12), (28, 36), (74, 85)),
    "old": ((68, 82), (6, 9), (60, 66), (86, 97)),
}  # fmt: skip
SEXES = {"child": ("boy", "girl"), "birth": ("woman",), "men": ("man",), "women": ("woman",)}
NORMAL = 1.96  # standard errors on either side that hold 95 %


@dataclass(frozen=True)
class Comparison:
    """Two groups, and how many of each had an event."""

    first: int
    second: int
    events_first: int
    events_second: int

    @property
    def ratio(self) -> float:
        """Return the relative risk of the first group."""
        return self.events_first / self.first / (self.events_second / self.second)

    @property
    def error(self) -> float:
        """Return the standard error of the ratio's logarithm."""
        parts = 1 / self.events_first - 1 / self.first + 1 / self.events_second - 1 / self.second
        return math.sqrt(parts)

    @property
    def interval(self) -> tuple[float, float]:
        """Return the limits of the ratio's 95 % confidence interval."""
        width = math.exp(NORMAL * self.error)
        return self.ratio / width, self.ratio * width

    @property
    def probability(self) -> float:
        """Return the two-sided P value."""
        return math.erfc(abs(math.log(self.ratio)) / self.error / math.sqrt(2))

    @property
    def verdict(self) -> str:
        """Say what the first group's risk is, as far as the numbers show it."""
        low, high = self.interval
        return "better" if high < 1 else "worse" if low > 1 else "same"


def draw(rng: random.Random, chances: int, share: float) -> int:
    """Return a number of events, never none or all."""
    spread = math.sqrt(chances * share * (1 - share))
    return min(max(round(rng.gauss(chances * share, spread)), 1), chances - 1)


def compared(rng: random.Random, sizes: tuple[int, int], shift: float) -> Comparison:
    """Return a comparison of about that size; `shift` leans the logarithm of the ratio."""
    total = round(math.exp(rng.uniform(math.log(sizes[0]), math.log(sizes[1]))))
    first = round(total / 2 + rng.gauss(0, total**0.5 / 3))
    base = rng.uniform(0.08, 0.45)
    ratio = math.exp(rng.gauss(shift, 0.35))
    second = total - first
    return Comparison(
        first, second, draw(rng, first, min(base * ratio, 0.85)), draw(rng, second, base)
    )


def percent(part: float, whole: float, digits: int = 1) -> str:
    """Return a share in percent.

    >>> percent(1, 8)
    '12.5'
    """
    return f"{100 * part / whole:.{digits}f}"


def comparison_facts(found: Comparison) -> dict[str, str]:
    """Return the words for a comparison."""
    low, high = found.interval
    p = found.probability
    said = "P < 0.001" if p < 0.001 else f"P = {p:.3f}" if p < 0.1 else f"P = {p:.2f}"
    n1, n2, e1, e2 = found.first, found.second, found.events_first, found.events_second
    return {
        "n": str(n1 + n2), "n1": str(n1), "n2": str(n2), "e1": str(e1), "e2": str(e2),
        "p1": percent(e1, n1), "p2": percent(e2, n2), "eall": str(e1 + e2),
        "pall": percent(e1 + e2, n1 + n2), "rr": f"{found.ratio:.2f}", "lo": f"{low:.2f}",
        "hi": f"{high:.2f}", "p": said,
    }  # fmt: skip


def test_facts(rng: random.Random) -> tuple[dict[str, str], str]:
    """Return the words for a diagnostic test, and how good it is."""
    sick, well = rng.randint(25, 160), rng.randint(40, 320)
    tp = draw(rng, sick, rng.uniform(0.5, 0.97))
    tn = draw(rng, well, rng.uniform(0.55, 0.98))
    fp, fn = well - tn, sick - tp
    quality = tp / sick + tn / well
    facts = {
        "n": sick + well, "sick": sick, "well": well, "tp": tp, "tn": tn, "fp": fp,
        "sens": percent(tp, sick, 0), "spec": percent(tn, well, 0), "ppv": percent(tp, tp + fp, 0),
        "npv": percent(tn, tn + fn, 0), "lr": f"{tp / sick / (fp / well):.1f}",
        "prev": percent(sick, sick + well, 0),
    }  # fmt: skip
    verdict = "better" if quality > 1.7 else "same" if quality > 1.45 else "worse"
    return {key: str(value) for key, value in facts.items()}, verdict


def survey_facts(rng: random.Random) -> dict[str, str]:
    """Return the words for a survey."""
    sent = rng.randint(60, 900)
    replied = round(sent * rng.uniform(0.32, 0.9))
    one, two = round(replied * rng.uniform(0.4, 0.85)), round(replied * rng.uniform(0.08, 0.4))
    facts = {
        "sent": sent, "n": replied, "rate": percent(replied, sent, 0), "e1": one, "e2": two,
        "q1": percent(one, replied, 0), "q2": percent(two, replied, 0),
    }  # fmt: skip
    return {key: str(value) for key, value in facts.items()}


def measured(rng: random.Random, about: Case) -> dict[str, str]:
    """Return the words for the quantity that is measured in a condition."""
    name, unit, mean, spread, digits = about.lists["measure"].phrases[0].split(";")
    middle, sd = float(mean), float(spread)
    start = rng.gauss(middle, sd / 4)
    least = middle / 5
    changed = [max(start + rng.gauss(0, sd / 3), least) for _ in range(2)]
    values = {"m0": start, "m1": changed[0], "m2": rng.gauss(middle, sd / 6), "m3": changed[1]}
    values |= {"msd": sd * rng.uniform(0.7, 1.2), "msd2": sd * rng.uniform(0.7, 1.2)}
    found = {key: f"{value:.{digits}f}" for key, value in values.items()}
    return found | {"measure": name, "unit": unit}


def general(rng: random.Random) -> dict[str, str]:
    """Return the words for everything else that is a number."""
    year, spread = rng.randint(1984, 1999), rng.randint(0, 82)
    facts = {
        "follow": rng.choice((3, 6, 12, 18, 24, 36, 48)), "lost": rng.randint(2, 9),
        "year0": year - rng.randint(5, 15), "year1": year, "year2": year + rng.randint(1, 2),
        "centres": rng.randint(3, 24), "s1": rng.randint(3, 21), "s2": rng.randint(3, 21),
        "half": rng.randint(2, 3), "k": rng.randint(11, 24), "k0": rng.randint(2, 6),
        "screened": rng.randint(240, 3900), "i2": spread,
        "het": "low" if spread < 30 else "moderate" if spread < 60 else "high",
        "kappa": f"{rng.uniform(0.61, 0.8):.2f}", "weeks": rng.randint(3, 16),
        "weeks2": rng.randint(2, 8), "dose": rng.choice((1, 2, 5, 10, 20, 50, 100)),
        "fold": f"{rng.uniform(1.4, 6):.1f}", "pct7": rng.randint(71, 84),
        "pct8": rng.randint(78, 97), "pct9": rng.randint(11, 39),
    }  # fmt: skip
    return {key: str(value) for key, value in facts.items()}


def people(rng: random.Random, kind: str) -> dict[str, str]:
    """Return the words for age and sex of those who take part in a study of this kind."""
    mean, sd, low, high = AGES.get(kind, ((28, 64), (8, 15), (16, 22), (66, 88)))
    women = f", and {rng.randint(28, 72)}% were women"
    facts = {
        "age": rng.randint(*mean), "agesd": rng.randint(*sd), "ageL": rng.randint(*low),
        "ageH": rng.randint(*high), "ages": rng.randint(low[1], high[0]),
        "sexes": "" if kind in SEXES else women,
    }  # fmt: skip
    found = {key: str(value) for key, value in facts.items()}
    return found | ({"sexed": rng.choice(SEXES[kind])} if kind in SEXES else {})
