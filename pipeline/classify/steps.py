"""How every training here takes its steps: optimiser schedule, precision, checkpoints to resume from."""

from pathlib import Path
from typing import Any

import torch
from transformers import Trainer, TrainingArguments
from transformers.trainer_utils import get_last_checkpoint

from pipeline.classify.recipe import Recipe


def take_steps(
    model: torch.nn.Module,
    rows: Any,
    collate: Any,
    optimizer: torch.optim.Optimizer,
    recipe: Recipe,
    *,
    steps: int,
    seed: int,
    work: Path,
) -> None:
    """Train `model` in place. Learning rates rise over the share `recipe.warmup` of the steps, then fall to 0.

    Checkpoints go to `work`, and a second call on the same folder resumes from the last one.
    """
    rise = max(1, int(steps * recipe.warmup))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / rise, max(0.0, (steps - step) / (steps - rise)))
    )
    on_gpu = torch.cuda.is_available()
    trainer = Trainer(
        model=model,
        args=TrainingArguments(
            output_dir=str(work),
            seed=seed,
            max_steps=steps,
            per_device_train_batch_size=recipe.batch,
            logging_steps=20,
            save_steps=1000 if on_gpu else 100,
            save_total_limit=1,
            remove_unused_columns=False,
            report_to=[],
            train_sampling_strategy="random",
            use_cpu=not on_gpu,
            dataloader_num_workers=4 if on_gpu else 0,
            bf16=_multiplies_bf16(),
            max_grad_norm=1.0,
        ),
        data_collator=collate,
        train_dataset=rows,
        optimizers=(optimizer, schedule),
    )
    last = get_last_checkpoint(str(work)) if work.is_dir() else None
    trainer.train(resume_from_checkpoint=last)


def _multiplies_bf16() -> bool:
    """Whether this machine has instructions for bfloat16; without them it would be slower than float32."""
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.cpu.get_capabilities().get("avx512_bf16", False))
