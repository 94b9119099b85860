"""The answers that README.md and README.zh-CN.md show, from the verdicts; `readme_answers.yaml` chooses them.

`claims_docs` writes them into both files.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import yaml

from losslab.claims import answer, catalogue
from losslab.claims.verdict import Verdict
from losslab.report.claims import words
from losslab.support.markdown import escaped, table

CHOSEN: dict[str, dict[str, str]] = yaml.safe_load(
    Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8")
)
CHINESE_WORDS = {
    "confirmed": "成立",
    "refuted": "不成立",
    "depends": "视条件而定",
    "too close to matter": "差别太小，无关紧要",
    "borderline": "恰在界限上",
    "undecided": "尚无定论",
    "not tested here": "此处无法检验",
}


def tables(verdicts: Iterable[Verdict]) -> dict[str, str]:
    """File name -> its table of answers; chosen claims without a verdict are left out."""
    by_name = {verdict.claim: verdict for verdict in verdicts}
    chosen = [by_name[name] for name in CHOSEN if name in by_name]
    english = [_row(one, one.statement, one.outcome, one.answer or words.headline(one)) for one in chosen]
    chinese = [
        _row(one, CHOSEN[one.claim]["statement"], CHINESE_WORDS[one.outcome], chinese_answer(one))
        for one in chosen
    ]
    return {
        "README.md": table(["what is said", "verdict", "answer"], english),
        "README.zh-CN.md": table(["说法", "结论", "答案"], chinese),
    }


def chinese_answer(verdict: Verdict) -> str:
    """The answer in Chinese with the verdict's numbers; as in English where one is missing."""
    template = CHOSEN[verdict.claim]["answer"]
    claim = catalogue.claims()[verdict.claim].model_copy(update={"answer": template})
    quantities = verdict.check.quantities if verdict.check else {}
    chinese = answer.filled(claim, verdict.predictions, verdict.arms, quantities)
    return chinese.replace(" to ", " 至 ") or verdict.answer or words.headline(verdict)


def _row(verdict: Verdict, statement: str, word: str, text: str) -> list[str]:
    where = f": {escaped(verdict.where)}" if verdict.where else ""
    return [f"[{escaped(statement)}](docs/claims/{verdict.claim}.md)", f"**{word}**{where}", escaped(text)]
