"""Required actions: one file for each thing that a known person must do. They are steps too."""
