"""The live blocks that there are. Importing this module registers them."""

from roadmap.strategy import block_kinds, block_lists
from roadmap.strategy.blocks import Answer, Asked, Figure, Rendered, blocks_of, kinds, render

__all__ = ["Answer", "Asked", "Figure", "Rendered", "block_kinds", "block_lists", "blocks_of", "kinds", "render"]
