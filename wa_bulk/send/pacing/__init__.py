"""When a message may leave: the pace of each sending number, in this process or shared by several."""
