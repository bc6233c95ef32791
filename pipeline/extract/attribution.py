"""Decides which of the mentions in a passage the lapse or the recommendation is attributed to."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from math import exp
from pathlib import Path

from pipeline.errors import ModelError
from pipeline.extract.mentions import Mention, Tokens

WEIGHTS_PATH = Path(__file__).with_name("attribution.json")


def near(words: list[str], i: int) -> str:
    return words[i] if 0 <= i < len(words) else "^"


CUES = frozenset("""failed fail fails failing failure failures did not didn never no lack lacked lacking inadequate should must could
would without delay delayed omitted missed inform informed told tell contact contacted aware unaware refer referred referral
between communication sharing review training guidance policy policies ensure consider unable insufficient poor concern
concerned evidence investigation accepted identified found available by to from with for of at in on into within against
require required requires needs need appropriate policy procedure procedures records record assessment bed beds staffing
shortage understand recognise recognised carried arrange attend attended provide provided given""".split())
VERBS = frozenset("""is are was were has have had did do does should could would must may might can cannot will failed fails need
needs made took gave used""".split())
DETERMINERS = frozenset("the a an all any his her their its your our other another these those this that both each every some no many".split())


def passage_features(passage: Tokens, mentions: Sequence[Mention], counts: dict[str, int]) -> list[set[str]]:
    """Named binary features of each mention."""
    low = passage.lower
    n = len(mentions)
    out = []
    sentence_cues = {w for w in low if w in CUES}
    for k, m in enumerate(mentions):
        s, e = m.start, m.end
        phrase = " ".join(low[m.head:e]) if e - m.head <= 5 else low[e-1]
        full = " ".join(low[s:e])
        d = near(low, s - 1)
        det = d if d in DETERMINERS else ""
        p = s - 1 - bool(det)
        p1, p2, p3 = near(low, p), near(low, p - 1), near(low, p-2)
        poss = near(low, e) == "'"
        q = e + (2 if poss and near(low, e + 1) == "s" else int(poss))
        n1, n2, n3 = near(low, q), near(low, q + 1), near(low, q+2)
        kind = m.entry.kind + ("+" if m.entry.agency else "")
        last = low[e - 1]
        f = {"", f"kind={kind}", f"type={m.entry.type}", f"phrase={phrase}", f"full={full}", f"last={last}", f"det={det}",
             f"p1={p1}", f"p12={p2} {p1}", f"p1det={p1} {det}", f"n1={n1}", f"n12={n1} {n2}", f"d1={d}",
             f"p1,n1={p1}|{n1}", f"kp={kind}|{p1}", f"kn={kind}|{n1}", f"lp={last}|{p1}", f"ln={last}|{n1}", f"lastdet={last}|{det}",
             f"pos={min(s, 40)//3}", f"k={min(k,3)}", f"kn={min(k,3)}/{min(n,5)}", f"n={min(n,5)}", f"len={min(len(low),80)//8}",
             f"cap={passage.words[s][0].isupper()}{passage.words[e-1][0].isupper()}{last}" , f"poss={poss}", f"posskind={poss}{kind}",
             f"count={min(6, counts.get(full, 0))}", f"countkind={min(6, counts.get(full, 0))}{kind}", f"w0={low[0]} {near(low,1)}",
             f"toend={min(len(low) - e, 12)}", f"p3={p3} {p2} {p1}", f"n123={n1} {n2} {n3}",f"typep={m.entry.type}|{p1}",f"width={min(e-s,5)}",
             }
        if n1 in VERBS: f |= {"verb next", f"verbnext{kind}", f"verb2={n2}"}
        for w in set(low[max(0, s - 8):s]):
            f.add(f"L={w}")
        for w in set(low[e:e + 8]):
            f.add(f"R={w}")
        for w in sentence_cues: f.add(f"S={w}")
        if k: f.add(f"prevkind={mentions[k-1].entry.kind}|{kind}"); f.add(f"prevlast={low[mentions[k-1].end-1]}")
        if k+1<n: f.add(f"nextkind={mentions[k+1].entry.kind}|{kind}"); f.add(f"nextlast={low[mentions[k+1].end-1]}")
        between = any(w in VERBS for w in low[:s])
        f.add(f"verbbefore={between}|{kind}")
        f.add(f"verbbeforep={between}|{p1}")
        out.append(f)
    return out
