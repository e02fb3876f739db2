use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use super::*;

/// A message of that kind.
fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).expect("a short body").to_be_bytes();
    [&[kind][..], &length, body].concat()
}

/// Messages of these kinds; `b` and `p` are the Bind and the Parse of BEGIN.
fn messages(kinds: &str) -> Vec<u8> {
    let one = |kind| match kind {
        b'b' => message(b'B', b"\0s0\0"),
        b'B' => message(b'B', b"\0s1\0"),
        b'p' => message(b'P', b"s0\0BEGIN READ WRITE\0\0\0"),
        b'P' => message(b'P', b"s1\0SELECT 1\0\0\0"),
        b'Q' => message(b'Q', b"COMMIT\0"),
        kind => message(kind, b""),
    };
    kinds.bytes().flat_map(one).collect()
}

/// The kinds of whole messages.
fn kinds(mut of: &[u8]) -> String {
    let mut kinds = String::new();
    while !of.is_empty() {
        let (kind, message) = first(of).expect("a whole message");
        kinds.push(kind.into());
        of = &of[message.len()..];
    }
    kinds
}

/// What of that goes out on a stream that has begun, and the Syncs that were taken out before each that goes out.
fn passed(questions: &mut Questions, said: &[u8]) -> (String, Vec<usize>) {
    let (mut leaving, mut syncs) = (BytesMut::new(), VecDeque::new());
    questions.has_begun = true;
    questions.begin.get_or_insert(b"s0".to_vec());
    questions.pass(said, &mut leaving, &mut syncs).expect("whole messages");
    (kinds(&leaving), syncs.into())
}

/// What comes of the server's answers to such Syncs.
fn completed(syncs: &[usize], said: &[&str]) -> String {
    let mut answers = Answers { syncs: syncs.iter().copied().collect(), ..Answers::default() };
    let complete = |said: &&str| {
        let said = messages(said);
        answers.complete(&said).expect("no fault").map_or(said.clone(), |completed| completed.to_vec())
    };
    kinds(&said.iter().flat_map(complete).collect::<Vec<_>>())
}

#[test]
fn a_unit_has_one_sync_for_the_statements_that_leave_together() {
    let mut questions = Questions::default();
    assert_eq!(passed(&mut questions, &messages("bESBESBES")), ("BEBEBES".to_owned(), vec![2]));
    assert_eq!(passed(&mut questions, &messages("BES")), ("BES".to_owned(), vec![0]));
    assert_eq!(passed(&mut questions, &messages("BESBESQ")), ("BEBESQ".to_owned(), vec![1, 0]));
}

/// What is prepared, closed or asked as text keeps its Sync, and so does what stands before it.
#[test]
fn other_messages_keep_their_syncs() {
    for said in ["bESPDS", "bESCS", "bESQ", "PDSbESPDSBES"] {
        assert_eq!(passed(&mut Questions::default(), &messages(said)).0, said.to_uppercase());
    }
}

#[test]
fn outside_of_a_unit_each_statement_keeps_its_sync() {
    let mut questions = Questions::default();
    assert_eq!(passed(&mut questions, &messages("BESBES")).0, "BESBES");
    assert_eq!(passed(&mut questions, &messages("bESBESQBESBES")).0, "BEBESQBESBES");
}

#[test]
fn a_unit_begins_with_what_was_prepared_as_begin() {
    let mut questions = Questions { has_begun: true, ..Questions::default() };
    let mut pass = |said: &str| {
        let (mut leaving, mut syncs) = (BytesMut::new(), VecDeque::new());
        questions.pass(&messages(said), &mut leaving, &mut syncs).expect("whole messages");
        kinds(&leaving)
    };
    assert_eq!(pass("bESBES"), "BESBES");
    assert_eq!(pass("pDSPDS"), "PDSPDS");
    assert_eq!(pass("bESBES"), "BEBES");
}

/// The first message has no kind: its length stands where others have theirs.
#[test]
fn the_first_message_passes_as_it_is() {
    let (mut leaving, mut syncs) = (BytesMut::new(), VecDeque::new());
    Questions::default().pass(b"\0\0\0\x08\0\x03\0\0", &mut leaving, &mut syncs).expect("passed");
    assert_eq!((&leaving[..], syncs.len()), (&b"\0\0\0\x08\0\x03\0\0"[..], 0));
}

#[test]
fn a_part_of_a_message_is_refused() {
    let whole = messages("bESBES");
    for length in [1, HEAD, HEAD + 3, whole.len() - 1] {
        let mut questions = Questions { has_begun: true, ..Questions::default() };
        let refused = questions.pass(&whole[..length], &mut BytesMut::new(), &mut VecDeque::new());
        assert!(refused.is_err(), "{length}");
    }
}

#[test]
fn every_statement_gets_its_ready_for_query() {
    assert_eq!(completed(&[0, 2], &["CZ", "2C2C2CZ"]), "CZ2CZ2CZ2CZ");
    assert_eq!(completed(&[1, 0], &["2DDC", "N2I", "Z2CZ"]), "2DDCZN2IZ2CZ");
    // What the server says by itself, and what was asked as text, is as it was.
    assert_eq!(completed(&[], &["RSKZ", "N"]), "RSKZN");
    assert_eq!(completed(&[0], &["CCZ"]), "CCZ");
}

/// After an error the server says no more before the Sync; each statement that it skipped learns that it was not run.
#[test]
fn after_an_error_what_stands_behind_it_was_not_run() {
    assert_eq!(completed(&[2, 0], &["2CE", "Z2CZ"]), "2CZEZEZ2CZ");
    assert_eq!(completed(&[2], &["EZ"]), "EZEZEZ");
    assert_eq!(completed(&[2], &["2C2C2EZ"]), "2CZ2CZ2EZ");
    assert_eq!(first(NOT_RUN).expect("a message").1, NOT_RUN);
}

proptest! {
    /// However the octets come, what is read is the same.
    #[test]
    fn answers_may_come_in_pieces(
        said in prop::collection::vec((prop::sample::select(&b"2CDEINZ"[..]), prop::collection::vec(any::<u8>(), 0..9)), 0..12),
        syncs in prop::collection::vec(0_usize..4, 0..4),
        pieces in prop::collection::vec(1_usize..12, 1..60),
    ) {
        let said: Vec<u8> = said.iter().flat_map(|(kind, body)| message(*kind, body)).collect();
        let answers = || Answers { syncs: syncs.iter().copied().collect(), ..Answers::default() };
        let at_once = read_in(answers(), &[&said]);
        let (mut cut, mut rest) = (Vec::new(), &said[..]);
        for piece in pieces.iter().cycle() {
            let (piece, behind) = rest.split_at((*piece).min(rest.len()));
            cut.push(piece);
            rest = behind;
            if rest.is_empty() { break }
        }
        prop_assert_eq!(read_in(answers(), &cut), at_once);
    }
}

/// What is read of octets that come so; absent where they do not add up.
fn read_in(mut answers: Answers, pieces: &[&[u8]]) -> Option<Vec<u8>> {
    let mut read = Vec::new();
    for piece in pieces {
        match answers.complete(piece).ok()? {
            Some(completed) => read.extend(completed),
            None => read.extend_from_slice(piece),
        }
    }
    Some(read)
}

/// Waiting for an answer that does not come would be worse than to lose the connection.
#[test]
fn what_does_not_add_up_ends_the_connection() {
    let mut answers = Answers { syncs: [2].into(), ..Answers::default() };
    assert!(answers.complete(&messages("2CZ")).is_err(), "an answer to the last Sync before the statements'");
    let mut questions = Questions { has_begun: true, ..Questions::default() };
    for copy in ["d", "c", "f"] {
        let refused = questions.pass(&messages(copy), &mut BytesMut::new(), &mut VecDeque::new());
        assert!(refused.is_err(), "{copy}");
    }
}

/// Through a stream that takes and gives a few octets at a time.
#[tokio::test]
async fn a_narrow_stream_carries_a_unit() {
    let (near, mut far) = tokio::io::duplex(7);
    let mut near = OneSync::over(near, Duration::MAX);
    let asking = async {
        near.write_all(b"\0\0\0\x08\0\x03\0\0").await.expect("begun");
        near.write_all(&messages("pDSbESBESBES")).await.expect("written");
        near.flush().await.expect("flushed");
        let mut answers = [0; 3 * HEAD];
        let mut read = Vec::new();
        loop {
            match near.read(&mut answers).await.expect("read") {
                0 => break kinds(&read),
                length => read.extend_from_slice(&answers[..length]),
            }
        }
    };
    let answering = async move {
        let mut asked = vec![0; 8 + messages("pDSbEBEBES").len()];
        far.read_exact(&mut asked).await.expect("asked");
        far.write_all(&messages("1tZ2C2C2CZ")).await.expect("answered");
        kinds(&asked[8..])
    };
    let (answers, asked) = tokio::join!(asking, answering);
    assert_eq!((asked.as_str(), answers.as_str()), ("PDSBEBEBES", "1tZ2CZ2CZ2CZ"));
}

/// A stream that has begun, on which this was said, and the server's end of it.
async fn on_which(said: &[u8]) -> (OneSync<DuplexStream>, DuplexStream) {
    let (near, far) = tokio::io::duplex(1024);
    let mut near = OneSync::over(near, Duration::from_millis(20));
    near.write_all(b"\0\0\0\x08\0\x03\0\0").await.expect("begun");
    near.write_all(said).await.expect("written");
    near.flush().await.expect("flushed");
    (near, far)
}

#[tokio::test]
async fn an_answer_that_does_not_come_ends_the_connection() {
    let (mut near, mut far) = on_which(&messages("BESBES")).await;
    far.write_all(&messages("2CZ")).await.expect("the first answer");
    let mut answers = [0; 64];
    assert_eq!(near.read(&mut answers).await.expect("read"), messages("2CZ").len());
    let late = tokio::time::timeout(Duration::from_secs(5), near.read(&mut answers)).await.expect("ended by itself");
    assert_eq!(late.expect_err("no answer").kind(), io::ErrorKind::TimedOut);
}

/// A connection idles for as long as it likes, and COMMIT takes as long as it takes.
#[tokio::test]
async fn a_server_that_owes_no_answer_may_be_silent() {
    let commit = message(b'Q', &[COMMIT.as_bytes(), b"\0"].concat());
    for said in [&messages("BES")[..], &commit] {
        let (mut near, mut far) = on_which(said).await;
        if said != commit {
            far.write_all(&messages("2CZ")).await.expect("the answer");
            near.read_exact(&mut vec![0; messages("2CZ").len()]).await.expect("read");
        }
        let read = tokio::time::timeout(Duration::from_millis(200), near.read_u8()).await;
        assert!(read.is_err(), "{read:?}");
    }
}
