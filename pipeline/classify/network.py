"""The network that is trained: an encoder, mean-pooled passages, a head for categories and one for assertion."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel

NOT_ARCHITECTURE = ("transformers_version", "_name_or_path", "architectures", "dtype")


def load_encoder(folder: str, layers: Sequence[int] = ()) -> Any:
    """A pretrained encoder; of its layers only `layers`, in that order, unless that is empty."""
    config = AutoConfig.from_pretrained(folder, local_files_only=True)
    config.attention_probs_dropout_prob = 0.0  # torch's fused attention knows none, and training doubles its speed
    encoder = AutoModel.from_pretrained(folder, config=config, add_pooling_layer=False, local_files_only=True)
    if layers:
        encoder.encoder.layer = nn.ModuleList(encoder.encoder.layer[at] for at in layers)
        encoder.config.num_hidden_layers = len(layers)
    return encoder


def blank_encoder(architecture: Mapping[str, Any]) -> Any:
    """An encoder of an `architecture`, as `architecture_of` gives it, with random weights."""
    return AutoModel.from_config(AutoConfig.for_model(**architecture), add_pooling_layer=False)


def architecture_of(encoder: Any) -> dict[str, Any]:
    """What has to be known of an encoder to build it again."""
    config: dict[str, Any] = encoder.config.to_diff_dict()
    return {"model_type": encoder.config.model_type, **{k: v for k, v in config.items() if k not in NOT_ARCHITECTURE}}


class PassageClassifier(nn.Module):
    """Read windows of tokens and label each passage in them.

    `pooling` is (batch, passages, tokens): row p holds 1/n on the n tokens of passage p and 0 elsewhere.
    """

    category_weights: Tensor

    def __init__(
        self,
        encoder: Any,
        *,
        categories: int,
        assertions: int,
        dropout: float = 0.1,
        assertion_weight: float = 1.0,
        category_weights: Tensor | None = None,
    ) -> None:
        super().__init__()
        hidden = encoder.config.hidden_size
        self.encoder = encoder
        self.norm = nn.LayerNorm(hidden)  # encoders differ in scale, and a head is slow to learn from small numbers
        self.dropout = nn.Dropout(dropout)
        self.category_head = nn.Linear(hidden, categories)
        self.assertion_head = nn.Linear(hidden, assertions)
        self.assertion_weight = assertion_weight
        weights = torch.ones(categories) if category_weights is None else category_weights
        self.register_buffer("category_weights", weights, persistent=False)

    def logits(self, input_ids: Tensor, attention_mask: Tensor, pooling: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logits of categories and of assertions, (batch, passages, labels) each, and the pooled passages that they come from."""
        hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        pooled = self.dropout(self.norm(torch.bmm(pooling, hidden)))
        return self.category_head(pooled), self.assertion_head(pooled), pooled

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, pooling: Tensor, categories: Tensor, assertions: Tensor
    ) -> dict[str, Any]:
        """Loss over the passages against their probabilities; those of padding sum to 0."""
        category_logits, assertion_logits, _ = self.logits(input_ids, attention_mask, pooling)
        real = assertions.sum(-1) > 0
        category_loss = nn.functional.binary_cross_entropy_with_logits(
            category_logits[real], categories[real], pos_weight=self.category_weights, reduction="sum"
        )
        assertion_loss = nn.functional.cross_entropy(assertion_logits[real], assertions[real], reduction="sum")
        loss = (category_loss + self.assertion_weight * assertion_loss) / real.sum()
        return {"loss": loss, "category_logits": category_logits, "assertion_logits": assertion_logits}
