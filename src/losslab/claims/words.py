"""From the words of a claim's conditions to its verdict, and to the line that names the conditions."""

from __future__ import annotations

from collections.abc import Mapping

from losslab.claims import conditions
from losslab.claims.verdict import (
    BORDERLINE,
    CONFIRMED,
    DEPENDS,
    NOT_TESTED,
    REFUTED,
    TOO_CLOSE,
    UNDECIDED,
    Word,
)
from losslab.judgement.evidence import share_interval
from losslab.judgement.intervals import Estimate

WORDS: tuple[Word, ...] = (CONFIRMED, REFUTED, DEPENDS, TOO_CLOSE, BORDERLINE, UNDECIDED, NOT_TESTED)
MEANING: Mapping[Word, str] = {
    CONFIRMED: "holds wherever it was tested",
    REFUTED: "fails wherever it was tested",
    DEPENDS: "holds under some conditions and fails under others",
    TOO_CLOSE: "the difference is smaller than the margin, so it does not matter",
    BORDERLINE: "the number is known well, and lies too near its bound to say on which side",
    UNDECIDED: "the planned seeds do not decide it",
    NOT_TESTED: "what the test needs in order to mean anything is not the case",
}
_MANY = 4  # conditions that are not listed one by one
_PHRASES: Mapping[Word, str] = {
    CONFIRMED: "holds",
    REFUTED: "fails",
    TOO_CLOSE: "too close to matter",
    BORDERLINE: "borderline",
    UNDECIDED: "undecided",
    NOT_TESTED: "not tested",
}


def joined(words: Mapping[str, Word]) -> tuple[Word, str]:
    """The verdict on a statement about each condition, and which conditions it names.

    It is confirmed or refuted if it is so under every condition that was tested. It depends if it holds under
    some and fails under others, whatever is open elsewhere.
    """
    found = {word for word in words.values() if word != NOT_TESTED}
    if not found:
        return NOT_TESTED, ""
    if len(found) == 1:
        outcome = found.pop()
    elif CONFIRMED in found and found & {REFUTED, TOO_CLOSE}:
        outcome = DEPENDS
    elif UNDECIDED in found or BORDERLINE in found:
        outcome = UNDECIDED if UNDECIDED in found else BORDERLINE
    else:
        outcome = REFUTED
    return outcome, where(words)


def where(words: Mapping[str, Word]) -> str:
    """ "with sgd, not with adam"; empty if all conditions have the same word.

    What is so under most conditions is so "elsewhere", if these are many.
    """
    by_word = {word: [name for name, own in words.items() if own == word] for word in WORDS}
    parts = {word: conditions.described(some, list(words)) for word, some in by_word.items() if some}
    if len(parts) < 2:
        return ""
    if set(parts) == {CONFIRMED, REFUTED} and not any("," in part for part in parts.values()):
        return f"with {parts[CONFIRMED]}, not with {parts[REFUTED]}"
    longest = max(parts, key=lambda word: parts[word].count(","))
    elsewhere = [longest] if parts[longest].count(",") >= _MANY - 1 else []
    named = [f"{_PHRASES[word]} with {part}" for word, part in parts.items() if word not in elsewhere]
    return "; ".join([*named, *(f"{_PHRASES[word]} elsewhere" for word in elsewhere)])


def in_most(words: Mapping[str, Word]) -> tuple[Word, str]:
    """The verdict on a statement about most conditions of a kind, of which these are a sample.

    Its share is judged by the exact interval; a condition that is not decided counts against either verdict.
    """
    tested = [word for word in words.values() if word != NOT_TESTED]
    holds, fails = tested.count(CONFIRMED), tested.count(REFUTED) + tested.count(TOO_CLOSE)
    if not tested:
        return NOT_TESTED, ""
    least, most = _share(holds, len(tested)), _share(len(tested) - fails, len(tested))
    line = f"holds in {holds} of {len(tested)}, fails in {fails}"
    line += f": a share of {least.mean:.2f} [{least.low:.2f}, {least.high:.2f}]"
    outcome: Word = CONFIRMED if least.low > 0.5 else REFUTED if most.high < 0.5 else UNDECIDED
    return outcome, line


def _share(hits: int, n: int) -> Estimate:
    return share_interval([1.0] * hits + [0.0] * (n - hits))
