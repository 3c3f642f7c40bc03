"""The gallery: every page and letter in every state, served to a browser or written as a folder."""

from idp.admin.gallery.exhibits import EXHIBITS, Exhibit
from idp.admin.gallery.export import write_gallery
from idp.admin.gallery.server import Gallery, Listener

__all__ = ["EXHIBITS", "Exhibit", "Gallery", "Listener", "write_gallery"]
