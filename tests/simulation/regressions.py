"""Seeds that once failed, run as tests for ever: add a seed here together with the mend.

A seed means what it meant only as long as nothing is drawn before it that was not; so each has words, too.
"""

SEEDS: dict[int, str] = {
    138: "a row that is refused for good while the server is unavailable",
    494: "a row to be sent again on the user's word, while its sending number is asked to wait",
    1328: "a power cut that keeps the end line and loses the results before it",
    1494: "an outage that begins while a request begun later is answered well",
    2848: "a process that died before the log's name was on the disk, and a power cut after the next one",
    3078: "a power cut that keeps the end line and loses most of the results before it",
    5659: "a row that waits for the server while its template turns out to be missing",
    10193: "a rejected row whose number a later row was sent to, and that is to be sent again",
    11712: "a number that is told to slow down while a connection for its next message is made",
    81901: "a row on its way whose number a row that cannot be sent has as well, and a crash after that",
    102730: "a row in doubt that is tried again by its delivery, while the server is unavailable",
    104248: "a row in doubt that meets no connection, and then an unavailable server",
    109319: "a message that left by a pacer whose sending number had been idle before, and one right after",
    137256: "a row in doubt that waits for its turn while the gate closes",
    166537: "a number that is asked to wait at the very moment at which others have waited long enough",
}
