"""What if: other causes, other assumptions, other bounds, other versions."""
