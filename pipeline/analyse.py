"""One report at a time, from its source to its findings: what a worker does."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.classify.model_folder import ModelConfig
from pipeline.classify.openvino_runtime import load_classifier
from pipeline.classify.predict import Classifier
from pipeline.classify.scores import Scores
from pipeline.extract.agencies import AgencyTagger, load_tagger
from pipeline.extract.findings import found, make_findings
from pipeline.extract.sections import classified
from pipeline.extract.segment import Segmenter, load_segmenter
from pipeline.report import Passage, Report
from pipeline.store.writer import Analysed


@dataclass(frozen=True, slots=True)
class Scored:
    """The passages of a text, those of them that are classified, and the scores of these, a row each."""

    passages: tuple[Passage, ...]
    classified: tuple[Passage, ...]
    scores: Scores


@dataclass(frozen=True, slots=True)
class Analyser:
    """Everything that is loaded once per worker."""

    segmenter: Segmenter
    classifier: Classifier
    tagger: AgencyTagger
    wanted: frozenset[str]

    @property
    def model(self) -> ModelConfig:
        """The model that answers."""
        return self.classifier.config

    def analyse(self, report: Report) -> Analysed:
        """Segment, classify and tag one report."""
        return self.decide(report, self.score(report.text))

    def score(self, text: str) -> Scored:
        """Segment and classify a text."""
        passages = self.segmenter.passages(text)
        read = classified(passages)
        return Scored(passages, read, self.classifier.scores(text, read))

    def decide(self, report: Report, scored: Scored) -> Analysed:
        """Findings of a report whose text has been scored, with their actors."""
        rows = found(scored.scores, self.classifier.config, self.classifier.calibration, wanted=self.wanted)
        spans = [(scored.classified[i].start, scored.classified[i].end) for i, _, _ in rows]
        actors = self.tagger.actors(report.text, spans)
        findings = make_findings(report.text, scored.classified, report.pages, scored.scores, actors, rows)
        return Analysed(report, scored.passages, findings)


def load_analyser(model: Path, wanted: Sequence[str], *, threads: int = 1) -> Analyser:
    """Load all parts. `wanted` are the ids of the categories to find."""
    return Analyser(load_segmenter(), load_classifier(model, threads=threads), load_tagger(), frozenset(wanted))
