"""One report at a time, from its source to its findings: what a worker does."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.classify.model_folder import ModelConfig
from pipeline.classify.predict import Classifier, load_classifier
from pipeline.extract.agencies import AgencyTagger, load_tagger
from pipeline.extract.findings import found, make_findings
from pipeline.extract.sections import load_headings
from pipeline.extract.segment import Segmenter, load_segmenter
from pipeline.report import Report
from pipeline.store.writer import Analysed


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
        passages = self.segmenter.passages(report.text)
        silent = load_headings().unclassified
        classified = [p for p in passages if p.section not in silent]
        if not classified:
            return Analysed(report, passages, ())
        scores = self.classifier.scores(report.text, classified)
        rows = found(scores, self.classifier.config, self.classifier.calibration, wanted=self.wanted)
        actors = self.tagger.actors(report.text, [(classified[i].start, classified[i].end) for i, _, _ in rows])
        return Analysed(report, passages, make_findings(report.text, classified, report.pages, scores, actors, rows))


def load_analyser(model: Path, wanted: Sequence[str], *, threads: int = 1) -> Analyser:
    """Load all parts. `wanted` are the ids of the categories to find."""
    return Analyser(load_segmenter(), load_classifier(model, threads=threads), load_tagger(), frozenset(wanted))
