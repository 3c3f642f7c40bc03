"""Facts that wait to leave the house: the courier takes them, renders them and delivers them."""
