"""The stories: what a recipe goes through, stage by stage. Each stage takes artifact folders and writes one.

    chat.py     plan → corpus → chat → tokenizer → tokens → pretrain → finetune → evaluate → report
    pairs.py    plan → corpus → tokenizer → tokens → finetune → evaluate → report

Stages meet only through files; `job.py` reuses what is finished.
"""
