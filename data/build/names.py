"""Names for made-up training sentences: people, places, companies (the words: names.txt)."""

import random
from pathlib import Path


def read_lists(path: Path) -> dict[str, list[str]]:
    """Return the word lists of a file: a line `[name]`, then words separated by blanks."""
    lists: dict[str, list[str]] = {}
    name = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            name = line.strip("[]")
            lists[name] = []
        else:
            lists[name] += line.split()
    return lists


LISTS = read_lists(Path(__file__).with_name("names.txt"))
FIRST, LAST = LISTS["first"], LISTS["last"]
CITIES, COUNTRIES = LISTS["cities"], LISTS["countries"]
NATIONALITIES = LISTS["nationalities"]
COMPANY_WORDS, COMPANY_THINGS = LISTS["company_words"], LISTS["company_things"]
COMPANY_ENDS = LISTS["company_ends"]
INSTITUTIONS = (
    "University of {city}", "{city} University", "{city} City Council", "Bank of {country}",
    "{city} General Hospital", "Royal Museum of {city}", "{city} Institute of Technology",
    "Ministry of Health", "Red Cross", "United Nations", "{city} Chamber of Commerce",
)


def person(rng: random.Random) -> str:
    """Return a first name, most often with a last name."""
    first = rng.choice(FIRST)
    return first if rng.random() < 0.4 else f"{first} {rng.choice(LAST)}"


def company(rng: random.Random) -> str:
    """Return a company's name of one to three words."""
    kind = rng.random()
    if kind < 0.4:
        return f"{rng.choice(COMPANY_WORDS)} {rng.choice(COMPANY_THINGS)}"
    if kind < 0.6:
        return f"{rng.choice(LAST)} {rng.choice(COMPANY_ENDS)}"
    if kind < 0.8:
        return f"{rng.choice(COMPANY_THINGS)} {rng.choice(COMPANY_ENDS)}"
    return rng.choice(COMPANY_THINGS) + rng.choice(("soft", "ly", "tech", "ware", "gen", "ix"))


def institution(rng: random.Random) -> str:
    """Return a university, a ministry, a hospital or the like."""
    pattern = rng.choice(INSTITUTIONS)
    return pattern.format(city=rng.choice(CITIES), country=rng.choice(COUNTRIES))


def place(rng: random.Random) -> str:
    """Return a city or a country."""
    return rng.choice(CITIES if rng.random() < 0.7 else COUNTRIES)
