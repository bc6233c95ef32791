"""One report at a time, from its source to its findings: what a worker does."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.classify.load import load_classifier
from pipeline.classify.model_folder import ModelConfig
from pipeline.classify.predict import Classifier
from pipeline.classify.scores import Scores
from pipeline.extract.agencies import AgencyTagger, load_tagger
from pipeline.extract.concerns import concern_numbers
from pipeline.extract.evidence import with_actors, with_concerns, with_places, with_speakers
from pipeline.extract.facts import read_facts
from pipeline.extract.findings import find
from pipeline.extract.negation import with_denials
from pipeline.extract.recommendations import make_recommendations
from pipeline.extract.sections import classified
from pipeline.extract.segment import Segmenter, load_segmenter
from pipeline.extract.speakers import Speakers, load_speakers
from pipeline.report import Analysed, Passage, Report


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
    speakers: Speakers
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
        """Findings of a report whose text has been scored, with what makes them stand up."""
        config, calibration = self.classifier.config, self.classifier.calibration
        findings = find(
            report.text,
            scored.classified,
            scored.scores,
            calibration,
            categories=config.categories,
            wanted=self.wanted,
        )
        findings = with_denials(findings)
        findings = with_places(report, with_actors(report.text, findings, self.tagger))
        concerns = concern_numbers(report.text, scored.passages)
        findings = with_concerns(with_speakers(report.text, findings, self.speakers), scored.passages, concerns)
        facts = read_facts(report.text, report.metadata)
        recipients = [f for f in facts if f.field == "addressee"]
        calls = make_recommendations(report.text, scored.passages, findings, concerns, recipients, tagger=self.tagger)
        return Analysed(report, scored.passages, findings, facts, calls)


def load_analyser(model: Path, wanted: Sequence[str], *, threads: int = 1, device: str = "cpu") -> Analyser:
    """Load all parts. `wanted` are the ids of the categories to find."""
    classifier = load_classifier(model, threads=threads, device=device)
    return Analyser(load_segmenter(), classifier, load_tagger(), load_speakers(), frozenset(wanted))
