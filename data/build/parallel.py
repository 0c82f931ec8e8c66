"""French-English sentence pairs: hand-written phrases, and frames drawn from a grammar.

python3 -m data.build.parallel --count 20 --seed 1
"""

import argparse
import random
import re
from functools import cache

from data.build import exchanges, frames, french, occasions, scenes
from data.build.frames import Frame, Pair

FRAMES: dict[Frame, float] = {
    frames.transitive: 22,
    frames.intransitive: 13,
    frames.with_pronoun: 6,
    frames.with_infinitive: 8,
    frames.passive: 8,
    scenes.quality: 12,
    scenes.superlative: 1.5,
    scenes.identity: 4,
    scenes.existence: 4,
    scenes.being_somewhere: 4,
    scenes.going: 7,
    scenes.having: 7,
    exchanges.asking: 5,
    exchanges.asking_who: 3,
    exchanges.ordering: 4,
    exchanges.reporting: 4,
    exchanges.joining: 5,
    occasions.weather: 2,
    occasions.calendar: 3,
    occasions.naming: 4,
    exchanges.relative: 2,
    occasions.owning: 2.5,
    occasions.lasting: 2,
    occasions.becoming: 1.5,
    occasions.counting: 2,
    occasions.alone: 4,
}


@cache
def phrases() -> tuple[Pair, ...]:
    """Return the hand-written pairs."""
    lines = (french.LEXICON / "phrases.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split(" = ") for line in lines if line and not line.startswith("#"))
    return tuple((left, right) for left, right in pairs)


def reversible(fr: str, en: str) -> bool:
    """Whether English determines this French: no tu, no on, no questions by tone or inversion."""
    informal = re.search(r"\b(tu|te|toi|on|ton|ta|tes|elles)\b|\bt'|^On ", fr, re.IGNORECASE)
    asks = fr.endswith("?") and "st-ce qu" not in fr and not fr.startswith("Qui")
    return not informal and not asks and not fr.startswith("Voici") and "autrefois" not in en


def generated(rng: random.Random) -> Pair:
    """Draw one pair from a frame drawn by its weight."""
    frame = rng.choices(list(FRAMES), list(FRAMES.values()))[0]
    return frame(rng)


def distinct(count: int, seed: int, without: frozenset[str] = frozenset()) -> list[Pair]:
    """Return `count` pairs with different French sides, none of them in `without`."""
    rng, seen = random.Random(seed), set(without)
    pairs: list[Pair] = []
    while len(pairs) < count:
        pair = generated(rng)
        if pair[0] not in seen:
            seen.add(pair[0])
            pairs.append(pair)
    return pairs


def main() -> None:
    """Print generated pairs, for reading."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    for left, right in distinct(options.count, options.seed):
        print(f"{left}\t{right}")


if __name__ == "__main__":
    main()
