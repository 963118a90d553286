"""What a file looks like, as far as a page can show it. Files are read as data, never more of them than is shown."""

from apps.tracking.pages.previews.preview import Preview, preview_of

__all__ = ["Preview", "preview_of"]
