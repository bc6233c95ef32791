"""Write annotations/labelling.xml, Label Studio's labelling interface, from the taxonomy.

usage: python scripts/write_labelling.py
"""

from pathlib import Path

from pipeline.annotate.labelling import labelling_config
from pipeline.taxonomy import load_taxonomy

PATH = Path(__file__).resolve().parent.parent / "annotations" / "labelling.xml"


def main() -> None:
    """Write the file."""
    PATH.write_text(labelling_config(load_taxonomy()), encoding="utf-8")
    print(f"wrote {PATH}")


if __name__ == "__main__":
    main()
