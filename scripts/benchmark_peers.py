"""What a user would pick instead: `transformers.pipeline()` with the same weights, and spaCy's full English pipeline."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline.classify.model_folder import TOKENIZER, load_config
from pipeline.extract.segment import MODEL, load_segmenter


def transformers_rate(texts: Sequence[str], model: Path) -> float:
    """Words a second of `transformers.pipeline("text-classification")` on the texts' sentences, one by one as it does by default.

    The encoder is that of `model`, in single precision. Loading and cutting into sentences are not counted.
    """
    import torch  # noqa: PLC0415
    from transformers import AutoConfig, AutoModelForSequenceClassification, PreTrainedTokenizerFast, pipeline  # noqa: PLC0415

    from pipeline.classify.onnx_weights import read_weights  # noqa: PLC0415
    from pipeline.classify.torch_runtime import load_network  # noqa: PLC0415

    config = load_config(model)
    network = load_network(model, config)
    architecture = AutoConfig.for_model(**config.architecture, num_labels=len(config.categories))
    classifier: Any = AutoModelForSequenceClassification.from_config(architecture)
    weights = {name: torch.from_numpy(value) for name, value in read_weights(model / "model.onnx").items()}
    classifier.load_state_dict({f"bert.{k.removeprefix('encoder.')}": v for k, v in weights.items()
                                if k.startswith("encoder.")}, strict=False)  # fmt: skip
    classifier.classifier.load_state_dict(network.category_head.state_dict())
    names = {"pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(model / TOKENIZER), model_max_length=512, **names)
    classify = pipeline(
        "text-classification", model=classifier.eval(), tokenizer=tokenizer, top_k=None, truncation=True
    )
    segmenter = load_segmenter()
    sentences = [text[p.start : p.end] for text in texts for p in segmenter.passages(text)]
    begun = time.perf_counter()
    for _ in classify(sentences):
        pass
    return sum(len(text.split()) for text in texts) / (time.perf_counter() - begun)


def spacy_rate(texts: Sequence[str]) -> float:
    """Words a second of spaCy's whole small English pipeline (tagger, parser, lemmas, names); loading is not counted."""
    import spacy  # noqa: PLC0415

    nlp = spacy.load(MODEL)
    begun = time.perf_counter()
    for _ in nlp.pipe(texts):
        pass
    return sum(len(text.split()) for text in texts) / (time.perf_counter() - begun)
