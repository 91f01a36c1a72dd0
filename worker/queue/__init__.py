"""From queued extractions to stored entities: who works on what, and what happens when something dies.

SQL is the truth and Redis the doorbell: a message holds ids and nothing else, and what a lost message named
is sent again by the recovery loop.

    message.py      the message: ids of extractions
    batching.py     announced extractions -> batches of one model
    dispatch.py     announce, batch, send
    app.py          the Celery app, and the queue in Redis as the rest sees it
    extract.py      one batch: claim -> recognise -> finish; what each error makes happen
    reading.py      texts -> recognitions, halving what does not fit or breaks
    model_cache.py  the recognisers that a process keeps open
    child.py        what one model process keeps between batches
    slots.py        cores and GPUs shared out to model processes
    identity.py     names of processes, and whether one is gone
    stopping.py     a polite end: at the next pack, not in the middle of a commit
    task.py         the Celery task, and what a child of the pool does before its first
    recovery.py     what was lost is reclaimed and sent again
    boot.py         `nerq worker`: Celery's pool, pinned, watched and stopped
    local_pool.py   `nerq submit` without a broker: the same batches over pipes (local_process.py: one process
                    as the pool sees it; local_child.py: the far side)
"""
