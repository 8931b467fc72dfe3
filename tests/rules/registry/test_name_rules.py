import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from registry.rules.names import Person, read_person, sort_name


@pytest.mark.parametrize(
    ("text", "person"),
    [
        ("RIVERA, ANA MD", Person("Rivera", "Ana", credential="MD")),
        ("LINDQVIST, SARA NP", Person("Lindqvist", "Sara", credential="NP")),
        ("CALDERON, HANNAH C", Person("Calderon", "Hannah", "C")),
        ("Calderon, Hannah", Person("Calderon", "Hannah")),
        ("Ken Abara RN", Person("Abara", "Ken", credential="RN")),
        ("Maya Torres LCSW", Person("Torres", "Maya", credential="LCSW")),
        ("Abara, Ken, RN", Person("Abara", "Ken", credential="RN")),
        ("Ken Abara, RN", Person("Abara", "Ken", credential="RN")),
        ("ana rivera m.d.", Person("Rivera", "Ana", credential="MD")),
        ("Ana Rivera, PMHNP-BC", Person("Rivera", "Ana", credential="PMHNP-BC")),
        ("Dr. Ana Rivera, MD, MPH", Person("Rivera", "Ana", credential="MD, MPH")),
        ("Jones, Mary PA-C", Person("Jones", "Mary", credential="PA-C")),
        ("Ana Rivera MA", Person("Rivera", "Ana", credential="MA")),
        ("Smith Jr., John Q", Person("Smith", "John", "Q", suffix="Jr")),
        ("SMITH, JOHN, JR", Person("Smith", "John", suffix="Jr")),
        ("John Smith III", Person("Smith", "John", suffix="III")),
        ("Martin Luther King Jr., MD", Person("King", "Martin", "Luther", "Jr", "MD")),
        ("O'BRIEN-SMITH, MARY ANN", Person("O'Brien-Smith", "Mary", "Ann")),
        ("MCDONALD, SEAN", Person("McDonald", "Sean")),
        ("mary jones", Person("Jones", "Mary")),
        ("Maria de la Cruz", Person("de la Cruz", "Maria")),
        ("de la Cruz, Maria", Person("de la Cruz", "Maria")),
        ("Van Dyke, Dick", Person("Van Dyke", "Dick")),
        ("Zoë Mathews", Person("Mathews", "Zoë")),
        # Surnames that are credentials elsewhere.
        ("Anh Do", Person("Do", "Anh")),
        ("ANH DO", Person("Do", "Anh")),
        ("Do, Anh", Person("Do", "Anh")),
        ("DO, ANH", Person("Do", "Anh")),
        ("Yo-Yo Ma", Person("Ma", "Yo-Yo")),
        # Too little to take apart.
        ("Okafor", Person("Okafor")),
        ("Ken", Person("Ken")),
        ("MD", Person("Md")),
        ("", Person()),
        (" , ", Person()),
        (", RN", Person("Rn")),
    ],
)
def test_written_names(text, person):
    assert read_person(text) == person


def test_how_a_name_is_shown_and_sorted():
    person = read_person("RIVERA-LÓPEZ, ANA M, MD, MPH")
    assert person.display == "Ana M Rivera-López, MD, MPH"
    assert person.sort_name == "rivera lopez, ana m"


@pytest.mark.parametrize(
    ("family", "given", "key"),
    [
        ("Mathews", "Zoë", "mathews, zoe"),
        ("O’Brien", "Seán", "obrien, sean"),
        ("O'Brien", "Sean", "obrien, sean"),
        ("Smith-Jones", "Amy", "smith jones, amy"),
        ("Sørensen", "Łukasz", "sorensen, lukasz"),
        ("Groß", "Ida", "gross, ida"),
        ("St. John", " Ian ", "st john, ian"),
        ("Okafor", "", "okafor"),
        ("", "", ""),
    ],
)
def test_sort_names(family, given, key):
    assert sort_name(family, given) == key


@given(st.text(alphabet="ABCdefghí -'.,", max_size=30))
def test_any_text_is_read_without_losing_its_letters(text):
    person = read_person(text)
    letters = sorted(letter for letter in text.casefold() if letter.isalpha())
    assert sorted(letter for letter in person.display.casefold() if letter.isalpha()) == letters


@example("", "\U0001d4d0")  # a mathematical capital
@given(st.text(max_size=30), st.text(max_size=30))
def test_sort_names_are_settled(family, given):
    assert sort_name(sort_name(family, ""), sort_name(given, "")) == sort_name(family, given)
