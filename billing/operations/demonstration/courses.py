"""Invented patients of the demonstration, one line each, so that every state that a list can show is there.

Days count from enrolment for scores, reviews and plans; `enrolled` counts back from the day of loading.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

Scores = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Course:
    """One patient's way through the program."""

    name: str
    sex: str
    born: str
    payer: str
    diagnosis: str
    enrolled: int
    phq9: Scores = ()
    gad7: Scores = ()
    item9: tuple[int, int] | None = None  # which of the PHQ-9s, and its answer
    every: int = 14  # days between sessions
    minutes: int = 28
    stops_before: int = 0  # days before loading after which nothing happens any more
    consent_after: int | None = 0  # days after enrolment; None: never given
    visit_before: int | None = 14
    program: str = "cocm"
    is_reviewed: bool = True
    next_in: int | None = 7
    prevention_after: int | None = None
    ended_after: int | None = None
    end_reason: str = ""
    overlaps: bool = False
    note: str = "Behavioral activation: two walks a week agreed."


MEDICARE: Final = "Medicare Part B"
AETNA: Final = "Aetna"
BLUE: Final = "Blue Cross Blue Shield of Illinois"
MEDICAID: Final = "Meridian Medicaid"
SELF: Final = "Self Pay"

C = Course
COURSES: Final[tuple[Course, ...]] = (
    # Not improving, and why
    C("Ostrander, Wilma", "F", "1951-02-11", MEDICARE, "F33.1", 96, ((0, 16), (28, 16), (56, 17), (86, 16)), ((0, 9), (56, 8))),
    C("Pruitt, Leonard", "M", "1948-07-30", MEDICARE, "F32.1", 91, ((0, 18), (30, 16), (60, 17), (84, 16)), ((0, 13), (84, 12))),
    C("Halvorsen, June", "F", "1956-11-03", MEDICARE, "F33.2", 63, ((0, 19), (21, 18), (56, 18)), ((0, 15), (56, 14))),
    C("Abernathy, Calvin", "M", "1983-05-19", AETNA, "F33.1", 75, ((0, 15), (28, 14), (70, 13)), is_reviewed=False),
    C("Deveraux, Simone", "F", "1990-09-08", BLUE, "F32.1", 49, ((0, 12), (21, 13), (42, 18)), ((0, 11), (42, 16))),
    C("Quintero, Rafael", "M", "1975-01-22", MEDICARE, "F33.1", 132, ((0, 20), (30, 12), (70, 12), (126, 12)), minutes=36),
    # Safety
    C("Lindgren, Petra", "F", "1987-03-14", AETNA, "F32.2", 35, ((0, 21), (14, 20)), every=7),
    C("Okonkwo, Daniel", "M", "1969-12-01", MEDICARE, "F33.2", 56, ((0, 22), (28, 18), (52, 15)), item9=(1, 2), every=7),
    # Responding, remitting
    C("Bellweather, Rose", "F", "1944-06-27", MEDICARE, "F32.1", 84, ((0, 17), (28, 12), (56, 8), (80, 7)), ((0, 10), (80, 4))),
    C("Castellano, Marco", "M", "1962-04-05", MEDICARE, "F33.0", 112, ((0, 14), (30, 9), (60, 4), (90, 2), (105, 0))),
    C("Nakamura, Emi", "F", "1979-10-17", BLUE, "F41.1", 98, ((0, 7), (60, 5)), ((0, 16), (30, 11), (60, 7), (92, 4))),
    C("Fairbanks, Otis", "M", "1953-08-21", MEDICARE, "F32.1", 70, ((0, 15), (28, 10), (63, 6)), minutes=42, every=10),
    C("Villanueva, Paz", "F", "1966-02-09", MEDICAID, "F33.1", 58, ((0, 18), (28, 14), (54, 11)), ((0, 12), (54, 9))),
    C("Thibodeaux, Noel", "M", "1958-12-24", MEDICARE, "F33.1", 77, ((0, 13), (28, 11), (70, 5)), minutes=22),
    # Overdue
    C("Marchetti, Lena", "F", "1972-05-02", BLUE, "F32.1", 88, ((0, 16), (28, 13)), stops_before=41, next_in=-27),
    C("Grantham, Silas", "M", "1947-09-13", MEDICARE, "F33.1", 120, ((0, 17), (30, 14), (50, 13)), stops_before=66, next_in=-52),
    C("Ekström, Birgit", "F", "1960-01-30", MEDICARE, "F41.1", 80, ((0, 6),), ((0, 14), (28, 12)), next_in=-3),
    C("Whitlock, Hazel", "F", "1981-07-07", AETNA, "F32.1", 52, ((0, 15), (14, 12)), next_in=-1),
    # New
    C("Sorensen, Tobias", "M", "1994-04-18", AETNA, "F32.1", 4, ((0, 17),), ((0, 12),), every=3, next_in=3),
    C("Delacroix, Yvette", "F", "1950-10-29", MEDICARE, "F33.1", 9, ((0, 14),), ((0, 9),), every=4, next_in=2),
    C("Hanrahan, Moira", "F", "1949-03-03", MEDICARE, "F32.1", 12, ((0, 19), (10, 17)), every=5, next_in=4),
    C("Bassett, Gwen", "F", "1988-08-15", BLUE, "F43.23", 6, (), (), every=5, next_in=5),
    C("Ibarra, Consuelo", "F", "1955-05-25", MEDICARE, "F33.1", 18, ((0, 16), (14, 15)), ((0, 10),), every=6),
    # What keeps a month from billing
    C("Rutherford, Alma", "F", "1946-11-16", MEDICARE, "F32.1", 40, ((0, 15), (28, 13)), consent_after=None),
    C("Pemberton, Clyde", "M", "1952-02-28", MEDICARE, "F33.1", 44, ((0, 18), (30, 15)), consent_after=16),
    C("Zielinski, Wanda", "F", "1943-06-06", MEDICARE, "F32.1", 47, ((0, 14), (35, 12)), visit_before=420),
    C("McAllister, Hugh", "M", "1957-09-09", MEDICARE, "F33.1", 61, ((0, 13),), is_reviewed=False, minutes=24),
    C("Underhill, Faye", "F", "1964-12-12", SELF, "F32.1", 55, ((0, 12), (28, 9))),
    C("Kowalczyk, Jan", "M", "1954-01-05", MEDICARE, "F33.1", 66, ((0, 16), (28, 13), (60, 10)), overlaps=True),
    # General BHI
    C("Brightwell, Nadine", "F", "1971-03-21", MEDICARE, "F41.1", 73, ((0, 8), (40, 6)), ((0, 12), (40, 9)), program="bhi", minutes=14),
    C("Fontaine, Gilles", "M", "1959-07-14", MEDICARE, "F43.23", 38, ((0, 11), (30, 9)), program="bhi", minutes=12, every=13),
    # Relapse prevention and discharged
    C("Ashdown, Philippa", "F", "1945-04-22", MEDICARE, "F33.0", 182, ((0, 18), (40, 9), (80, 4), (120, 3), (160, 3)), every=28, prevention_after=125, minutes=20, next_in=12),
    C("Novak, Stefan", "M", "1961-10-10", MEDICARE, "F33.1", 196, ((0, 17), (45, 8), (90, 4), (130, 4), (182, 11)), every=28, prevention_after=135, minutes=20),
    C("Hollister, Vera", "F", "1942-08-08", MEDICARE, "F32.1", 170, ((0, 16), (40, 8), (90, 3), (140, 2)), prevention_after=110, ended_after=150, end_reason="graduated"),
    C("Tremaine, Boyd", "M", "1985-02-17", AETNA, "F32.1", 140, ((0, 14), (20, 13)), stops_before=96, ended_after=134, end_reason="lost_to_follow_up"),
    C("Van Houten, Ada", "F", "1950-05-31", MEDICARE, "F33.1", 205, ((0, 21), (60, 19), (120, 20)), ended_after=160, end_reason="transferred"),
)  # fmt: skip
