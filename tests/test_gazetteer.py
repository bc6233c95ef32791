import tomllib
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from pipeline.errors import UsageError
from pipeline.extract.gazetteer import Agency, matched
from pipeline.extract.lexicon import LEXICON_PATH, Lexicon, load_lexicon
from pipeline.extract.mentions import MentionFinder
from pipeline.extract.spellings import spellings
from pipeline.extract.words import tokenise

LISTS = LEXICON_PATH.with_suffix("")


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return load_lexicon()


@pytest.fixture(scope="module")
def finder(lexicon: Lexicon) -> MentionFinder:
    return MentionFinder(lexicon)


def named(finder: MentionFinder, sentence: str) -> list[str]:
    [found] = finder.find([tokenise(sentence, 0, len(sentence))], {})
    return [mention.entry.agency for mention in found if mention.entry.agency]


def listed(file: str, page: str) -> int:
    """How many agencies a list takes from one page, named by the end of its address."""
    groups = tomllib.loads((LISTS / file).read_text(encoding="utf-8"))["groups"]
    return sum(row.get("source", group.get("source")).endswith(page) for group in groups for row in group["agencies"])


def all_names(agency: Agency) -> tuple[str, ...]:
    return (agency.name, *agency.aliases, *agency.former)


def test_every_agency_has_a_public_source_and_a_known_type(lexicon: Lexicon) -> None:
    assert [a.name for a in lexicon.agencies if not (a.source or "").startswith("https://")] == []
    assert {a.type for a in lexicon.agencies} <= set(lexicon.types)


def test_no_name_stands_for_two_agencies(lexicon: Lexicon) -> None:
    stands_for = defaultdict(set)
    for agency in lexicon.agencies:
        for name in all_names(agency):
            stands_for[matched(name)].add(agency.name)
    assert {name: who for name, who in stands_for.items() if len(who) > 1} == {}


def test_every_agency_is_listed_once(lexicon: Lexicon) -> None:
    exact = {"Metropolitan Police Service"}
    assert {name for name, times in Counter(a.name for a in lexicon.agencies).items() if times > 1} == exact


@pytest.mark.parametrize(
    ("file", "page", "number"),
    [
        ("ambulance.toml", "", 15),
        ("councils.toml", "/Non-metropolitan_county", 21 + 2),
        ("councils.toml", "/Unitary_authorities_of_England", 62 + 1),
        ("councils.toml", "/Metropolitan_borough", 36),
        ("councils.toml", "/London_boroughs", 32 + 1),
        ("councils.toml", "/Principal_areas_of_Wales", 22),
        ("councils.toml", "/Council_areas_of_Scotland", 32),
        ("councils.toml", "/Local_government_in_Northern_Ireland", 11),
        ("fire.toml", "/Fire_services_in_the_United_Kingdom", 44 + 3 + 1 + 1),
        ("nhs.toml", "/Integrated_care_system", 42),
        ("nhs.toml", "/Health_and_Social_Care_(Northern_Ireland)", 5),
    ],
)
def test_lists_are_whole(file: str, page: str, number: int) -> None:
    assert listed(file, page) == number


def test_kinds_are_covered(lexicon: Lexicon) -> None:
    names = {kind: {a.name for a in lexicon.agencies if a.type == kind} for kind in lexicon.types}
    assert len(names["police"]) == 43 + 2 + 3
    assert sum(name.endswith("Health Board") for name in names["acute_trust"]) == 7
    assert sum(name.endswith("Trust") for name in names["mental_health_trust"]) >= 45
    assert (
        sum(name.endswith("NHS Trust") or name.endswith("NHS Foundation Trust") for name in names["acute_trust"]) >= 120
    )
    assert sum(name.startswith(("HMP ", "HMYOI ")) for name in names["prison_probation"]) >= 120


@pytest.mark.parametrize(
    ("phrase", "agency"),
    [
        ("the Met", "Metropolitan Police Service"),
        ("The Met", "Metropolitan Police Service"),
        ("the MPS", "Metropolitan Police Service"),
        ("Scotland Yard", "Metropolitan Police Service"),
        ("GMP", "Greater Manchester Police"),
        ("Devon & Cornwall Constabulary", "Devon and Cornwall Police"),
        ("Dyfed Powys Police", "Dyfed-Powys Police"),
        ("Hampshire Constabulary", "Hampshire and Isle of Wight Constabulary"),
        ("Hampshire police", "Hampshire and Isle of Wight Constabulary"),
        ("Strathclyde Police", "Police Scotland"),
        ("PSNI", "Police Service of Northern Ireland"),
        ("BTP", "British Transport Police"),
        ("the IPCC", "Independent Office for Police Conduct"),
        ("HMIC", "His Majesty's Inspectorate of Constabulary and Fire & Rescue Services"),
        ("ACPO", "National Police Chiefs' Council"),
        ("the PIRC", "Police Investigations and Review Commissioner"),
        ("LAS", "London Ambulance Service"),
        ("SECAmb", "South East Coast Ambulance Service"),
        ("South West Ambulance Service Trust", "South Western Ambulance Service"),
        ("East of England Ambulance Service NHS Trust", "East of England Ambulance Service"),
        ("Great Western Ambulance Service", "South Western Ambulance Service"),
        ("Welsh Ambulance Service NHS Trust", "Welsh Ambulance Services University NHS Trust"),
        ("ELFT", "East London NHS Foundation Trust"),
        ("East London Foundation NHS Trust", "East London NHS Foundation Trust"),
        ("Oxleas", "Oxleas NHS Foundation Trust"),
        ("SLaM", "South London and Maudsley NHS Foundation Trust"),
        ("BEHMHT", "North London NHS Foundation Trust"),
        ("Barnet Enfield & Haringey Mental Health NHS Trust", "North London NHS Foundation Trust"),
        ("Southern Health", "Hampshire and Isle of Wight Healthcare NHS Foundation Trust"),
        ("Solent NHS Trust", "Hampshire and Isle of Wight Healthcare NHS Foundation Trust"),
        ("KMPT", "Kent and Medway Mental Health NHS Trust"),
        ("Greater Manchester West Mental Health Trust", "Greater Manchester Mental Health NHS Foundation Trust"),
        ("Tees Esk and Wear Valley NHS Foundation Trust", "Tees, Esk and Wear Valleys NHS Foundation Trust"),
        ("Essex Partnership NHS Foundation Trust", "Essex Partnership University NHS Foundation Trust"),
        ("5 Boroughs Partnership NHS Foundation Trust", "Mersey Care NHS Foundation Trust"),
        ("Heart of England NHS Foundation Trust", "University Hospitals Birmingham NHS Foundation Trust"),
        ("Pennine Acute Hospitals NHS Trust", "Northern Care Alliance NHS Foundation Trust"),
        ("Guys and St. Thomas’ NHS Trust", "Guy's and St Thomas' NHS Foundation Trust"),
        ("The Royal Marsden NHS Foundation Trust", "Royal Marsden NHS Foundation Trust"),
        ("BCUHB", "Betsi Cadwaladr University Health Board"),
        ("Cardiff & Vale UHB", "Cardiff and Vale University Health Board"),
        ("Abertawe Bro Morgannwg University Health Board", "Swansea Bay University Health Board"),
        ("Grampian Health Board", "NHS Grampian"),
        ("Belfast HSC Trust", "Belfast Health and Social Care Trust"),
        ("Kent & Medway ICB", "NHS Kent and Medway Integrated Care Board"),
        ("BNSSG ICB", "NHS Bristol, North Somerset and South Gloucestershire Integrated Care Board"),
        ("NHS Improvement", "NHS England"),
        ("HSIB", "Health Services Safety Investigations Body"),
        ("PHE", "UK Health Security Agency"),
        ("NICE", "National Institute for Health and Care Excellence"),
        ("NHS 111", "NHS 111"),
        ("Camden Council", "London Borough of Camden"),
        ("LB Hackney", "London Borough of Hackney"),
        ("Kent Social Services", "Kent County Council"),
        ("Rotherham MBC", "Rotherham Metropolitan Borough Council"),
        ("Stoke on Trent City Council", "Stoke-on-Trent City Council"),
        ("Cornwall County Council", "Cornwall Council"),
        ("Bridgend CBC", "Bridgend County Borough Council"),
        ("Reading Borough Council", "Reading Borough Council"),
        ("Essex Fire & Rescue Service", "Essex County Fire and Rescue Service"),
        ("Belmarsh Prison", "HMP Belmarsh"),
        ("Feltham Young Offenders Institution", "HMYOI Feltham"),
        ("Colnbrook IRC", "Colnbrook Immigration Removal Centre"),
        ("NOMS", "HM Prison and Probation Service"),
        ("the National Probation Service", "Probation Service"),
        ("PPO", "Prisons and Probation Ombudsman"),
        ("Highways England", "National Highways"),
        ("DLUHC", "Ministry of Housing, Communities and Local Government"),
        ("RCPsych", "Royal College of Psychiatrists"),
        ("Virgin Care", "HCRG Care Group"),
        ("Priory Healthcare", "Priory Group"),
        ("BUPA", "Bupa"),
    ],
)
def test_a_name_however_it_is_written_stands_for_its_agency(finder: MentionFinder, phrase: str, agency: str) -> None:
    assert named(finder, f"It was {phrase} that failed to act.") == [agency]


@pytest.mark.parametrize(
    "sentence",
    [
        "She met the family and the met criteria were read.",
        "Met by nobody, he left.",
        "It was decided to send prison officers home.",
        "After reading social services notes he rang back.",
        "The reading council members did was slow.",
        "All of them worked together for children.",
        "The NHS providers and the NHS professionals did not speak.",
        "He was offered DBT, and NPS were found in SEPT.",
        "Victim support was offered, and it was a turning point.",
        "Mind the step; she was in two minds.",
        "We are with you, they said, and it was nice.",
        "He has the UHB and the CPFT form.",
        "The boots were wet and the samaritans of old came.",
        "The priory was old.",
    ],
)
def test_ordinary_words_are_no_agency(finder: MentionFinder, sentence: str) -> None:
    assert named(finder, sentence) == []


def test_a_longer_name_is_not_taken_for_the_shorter_one_in_it(finder: MentionFinder) -> None:
    assert named(finder, "The Met Office warned the Met Police.") == ["Met Office", "Metropolitan Police Service"]
    assert named(finder, "North Northamptonshire Council paid.") == ["North Northamptonshire Council"]
    assert named(finder, "Taunton and Somerset NHS Trust paid.") == ["Taunton and Somerset NHS Foundation Trust"]


@pytest.mark.parametrize(
    ("name", "forms", "expected"),
    [
        ("Quay Board", (), ("Quay Board",)),
        ("Quay and Dock", (), ("Quay and Dock", "Quay & Dock")),
        ("Ada, Bea-Cy", (), ("Ada, Bea-Cy", "Ada Bea-Cy", "Ada, Bea Cy", "Ada Bea Cy")),
        ("St Ada's", (), ("St Ada's", "St Adas", "St. Ada's", "St. Adas")),
        ("HMP Quay", ("HMP {name}", "{name} Prison"), ("HMP Quay", "Quay Prison")),
        ("Quay City Council", ("{name} Council", "{name} City Council"), ("Quay City Council", "Quay Council")),
        ("Quay Board", ("HMP {name}",), ("Quay Board",)),
    ],
)
def test_a_name_is_written_in_all_forms_that_fit_it_and_in_plainer_marks(
    name: str, forms: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    assert spellings(name, forms) == expected


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text('version = 1\n[types]\nother = "Other"\n[bodies]\nother = ["quay office"]\n')
    (folder / "mine").mkdir()
    (folder / "mine" / "quays.toml").write_text(text)
    return path


def test_lists_are_read_from_the_folder_beside_the_lexicon(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        '[[groups]]\ntype = "other"\nsource = "https://example.org"\nforms = ["{name} Quay", "Quay of {name}"]\n'
        'agencies = [{ name = "Ada Quay", aliases = ["AQ"], former = ["Old Quay"], exact = ["the Quay"] }]\n',
    )
    assert load_lexicon(path).agencies == (
        Agency("Ada Quay", "other", ("Quay of Ada", "AQ"), ("Old Quay", "Quay of Old"), source="https://example.org"),
        Agency("Ada Quay", "other", ("the Quay",), case=True, source="https://example.org"),
    )


def test_all_faults_of_a_list_are_told_with_its_name(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        'extra = 1\n[[groups]]\ntype = "other"\nforms = ["Quay"]\nagencies = [\n'
        '{ name = "Ada Quay", aliases = ["AQ"] }, { name = "Bea Quay", aliases = ["AQ"], alias = [] },\n'
        '{ name = "Quay Office" }, { name = 1 }, { name = "Cy Quay", type = "othr", case = 1 },\n]\n',
    )
    with pytest.raises(UsageError) as error:
        load_lexicon(path)
    for fault in (
        "quays.toml: unknown key 'extra'",
        "quays.toml groups 1: 'Quay' must be words around one {name}",
        "quays.toml groups 1 agencies 2: 'AQ' already stands for 'Ada Quay'",
        "quays.toml groups 1 agencies 2: unknown key 'alias'",
        "quays.toml groups 1 agencies 3: 'Quay Office' is already a role, a body or no agency",
        "quays.toml groups 1 agencies 4.name must be text",
        "quays.toml groups 1 agencies 5: type 'othr' must be one of other",
        "quays.toml groups 1 agencies 5.case must be true or false",
    ):
        assert fault in str(error.value)
