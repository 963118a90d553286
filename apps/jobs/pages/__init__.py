"""The pages of work that outlives a request, below /admin/.

A page of another app that starts such work ends with

    return started(request, enqueue(kind="tracking.delete_runs", payload=…, by=page_actor(request)))

and the reader sees how far it is, also after a reload, also tomorrow. With the path of the page as `address` in the
payload, the page of the job leads back there, whatever became of it.
"""
