use super::super::cost::Cost;
use super::*;
use futures_util::future::join_all;
use proptest::prelude::*;
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};

/// Cheap enough for many hashes in one test.
const CHEAP: HasherSettings =
    HasherSettings { threads: 2, queue_jobs_max: 1_000, memory_kib: 64, iterations: 1, lanes: 1 };

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(600)
}

fn secret(text: impl AsRef<[u8]>) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(text.as_ref().to_vec())
}

fn cheap() -> PasswordHasher {
    PasswordHasher::start(CHEAP).unwrap()
}

/// Keeps one thread busy until the returned sender is used or dropped; returns when the thread is at it.
async fn hold_a_thread(hasher: &PasswordHasher) -> mpsc::Sender<()> {
    let (release, released) = mpsc::channel();
    let (begin, begun) = oneshot::channel();
    let hasher = hasher.clone();
    tokio::spawn(async move {
        hasher
            .run(soon(), move || {
                begin.send(()).unwrap();
                let _ = released.recv();
            })
            .await
    });
    begun.await.unwrap();
    release
}

/// Polls once, so that the job is submitted, and says what came of it so far.
fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    std::pin::Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

#[tokio::test]
async fn a_hash_is_what_the_argon2_crate_computes() {
    let settings = HasherSettings { threads: 1, ..HasherSettings::default() };
    let hasher = PasswordHasher::start_with_salts(settings, || *b"sixteen of salt.").unwrap();
    let hash = hasher.hash(secret("correct horse"), soon()).await.unwrap();
    let mut tag = [0; 32];
    argon2::Argon2::default().hash_password_into(b"correct horse", b"sixteen of salt.", &mut tag).unwrap();
    let expected = Argon2Hash::new(Cost::DEFAULT, *b"sixteen of salt.", &tag).to_phc();
    assert!(expected.starts_with("$argon2id$v=19$m=19456,t=2,p=1$c2l4dGVlbiBvZiBzYWx0Lg$"));
    assert_eq!(hash.as_phc(), expected);
    assert_eq!(PasswordHash::import(hash.as_phc()).unwrap().as_phc(), expected);
}

#[tokio::test]
async fn the_right_password_matches_and_no_other() {
    let hasher = cheap();
    let hash = hasher.hash(secret("open sesame"), soon()).await.unwrap();
    let stored = PasswordHash::import(hash.as_phc()).unwrap();
    let verdict = hasher.verify(secret("open sesame"), &stored, soon()).await;
    assert_eq!(verdict, Ok(Verdict { matches: true, needs_rehash: false }));
    for other in ["open sesame ", "Open sesame", "", "open sesam"] {
        let verdict = hasher.verify(secret(other), &stored, soon()).await;
        assert_eq!(verdict, Ok(Verdict { matches: false, needs_rehash: false }), "{other:?}");
    }
}

#[tokio::test]
async fn two_hashes_of_one_password_differ() {
    let hasher = cheap();
    let first = hasher.hash(secret("open sesame"), soon()).await.unwrap();
    let second = hasher.hash(secret("open sesame"), soon()).await.unwrap();
    assert_ne!(first.as_phc(), second.as_phc());
}

#[tokio::test]
async fn an_imported_hash_is_verified_and_asks_to_be_replaced() {
    let hasher = cheap();
    for phc in [
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2i$m=65536,t=2,p=1$c29tZXNhbHQ$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ",
    ] {
        let hash = PasswordHash::import(phc).unwrap();
        let right = hasher.verify(secret("password"), &hash, soon()).await;
        assert_eq!(right, Ok(Verdict { matches: true, needs_rehash: true }), "{phc}");
        let wrong = hasher.verify(secret("passwort"), &hash, soon()).await;
        assert_eq!(wrong, Ok(Verdict { matches: false, needs_rehash: false }), "{phc}");
    }
}

#[tokio::test]
async fn a_foreign_hash_is_verified_and_asks_to_be_replaced() {
    let hasher = cheap();
    for text in [
        "$scrypt$ln=10,r=8,p=1$c2l4dGVlbiBvZiBzYWx0Lg$xuBnKRfxnIMGqf/RDrtq6U9ByYQYRCT8zcLcbrk+IO8",
        "$pbkdf2-sha256$i=1000$c2l4dGVlbiBvZiBzYWx0Lg$i6hyUC70qtkDmYok7w8otrUd6LJ0X6l4KT39W/AZENw",
        "pbkdf2_sha1$1500$seasalt2seasalt2$wtRnHkBukdIRbMqwCwWWNOStax8=",
        "AQAAAAEAACcQAAAAEHNpeHRlZW4gb2Ygc2FsdC6hVoYFv6epix0bEEbPbYQGmsvjHHw9eld+t3jTy6i5Pg==",
        "$2b$04$hDLzPFH9Ac/Uol5xdFHDg.GYKmgduqnREmHmp//UWYnNsHdvZl6x2",
        "{SSHA}LhKrkM9Fy+zlstjdD7Kv2s6QvhBzYWx0",
        "$firebase-scrypt$ln=8,r=8,ss=c2Vw,sk=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw==$c2FsdHNhbHQ=$CjjMEugXCUo3HvYk/0483/8OG19Nx/7a5mORwoT9HbJR5w0EW0o2NSFaMeAwnxaslssDDnA8kjO/uPFBno0h+Q==",
    ] {
        let hash = PasswordHash::import(text).unwrap();
        let right = hasher.verify(secret("correct horse"), &hash, soon()).await;
        assert_eq!(right, Ok(Verdict { matches: true, needs_rehash: true }), "{text}");
        let wrong = hasher.verify(secret("correct horsf"), &hash, soon()).await;
        assert_eq!(wrong, Ok(Verdict { matches: false, needs_rehash: false }), "{text}");
    }
}

#[tokio::test]
async fn a_foreign_hash_that_cannot_be_verified_in_time_is_refused_before_it_starts() {
    let hasher = PasswordHasher::start(HasherSettings { threads: 1, ..CHEAP }).unwrap();
    let held = hold_a_thread(&hasher).await;
    for text in [
        "$scrypt$ln=18,r=8,p=4$c2l4dGVlbiBvZiBzYWx0Lg$xuBnKRfxnIMGqf/RDrtq6U9ByYQYRCT8zcLcbrk+IO8",
        "$pbkdf2-sha512$i=2000000$c2l4dGVlbiBvZiBzYWx0Lg$i6hyUC70qtkDmYok7w8otrUd6LJ0X6l4KT39W/AZENw",
        "$2b$14$hDLzPFH9Ac/Uol5xdFHDg.GYKmgduqnREmHmp//UWYnNsHdvZl6x2",
    ] {
        let hash = PasswordHash::import(text).unwrap();
        let refused = hasher.verify(secret("correct horse"), &hash, Instant::now() + Duration::from_millis(200)).await;
        assert!(matches!(refused, Err(HashError::Capacity { .. })), "{text} {refused:?}");
        let long = secret([b'x'; PASSWORD_OCTETS_MAX + 1]);
        assert_eq!(hasher.verify(long, &hash, soon()).await, Err(HashError::PasswordTooLong));
    }
    drop(held);
    hasher.shutdown().await;
}

#[tokio::test]
async fn another_cost_than_is_set_asks_to_be_replaced_dearer_or_cheaper() {
    let hash = cheap().hash(secret("open sesame"), soon()).await.unwrap();
    for settings in [
        HasherSettings { memory_kib: 65, ..CHEAP },
        HasherSettings { memory_kib: 63, ..CHEAP },
        HasherSettings { iterations: 2, ..CHEAP },
        HasherSettings { lanes: 2, ..CHEAP },
    ] {
        let verdict = PasswordHasher::start(settings).unwrap().verify(secret("open sesame"), &hash, soon()).await;
        assert_eq!(verdict, Ok(Verdict { matches: true, needs_rehash: true }), "{settings:?}");
    }
}

#[tokio::test]
async fn nobody_has_no_password() {
    let hasher = cheap();
    let verdict = hasher.verify_dummy(secret("open sesame"), soon()).await;
    assert_eq!(verdict, Ok(Verdict { matches: false, needs_rehash: false }));
    // The work is that of a hash of ours.
    assert!(matches!(&hasher.pool.nobody.format, Format::Argon2(hash) if hash.cost == hasher.pool.cost));
    assert!(!hasher.pool.nobody.is_outdated(hasher.pool.cost));
}

#[tokio::test]
async fn a_password_beyond_the_bound_costs_nothing() {
    let hasher = cheap();
    assert!(hasher.hash(secret([b'x'; PASSWORD_OCTETS_MAX]), soon()).await.is_ok());
    let long = || secret([b'x'; PASSWORD_OCTETS_MAX + 1]);
    assert_eq!(hasher.hash(long(), soon()).await.err(), Some(HashError::PasswordTooLong));
    assert_eq!(hasher.verify_dummy(long(), soon()).await, Err(HashError::PasswordTooLong));
}

#[tokio::test]
async fn what_cannot_be_done_in_time_is_refused_before_it_starts() {
    // Nothing was measured yet: 38 GiB to write are expected to take 25 s.
    let settings = HasherSettings { threads: 1, memory_kib: 256 * 1024, iterations: 10, ..CHEAP };
    let drawn = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&drawn);
    let salts = move || {
        counter.fetch_add(1, Ordering::Relaxed);
        [0; SALT_BYTES]
    };
    let hasher = PasswordHasher::start_with_salts(settings, salts).unwrap();
    let held = hold_a_thread(&hasher).await;
    let refused = hasher.hash(secret("open sesame"), Instant::now() + Duration::from_millis(200)).await;
    assert!(
        matches!(refused, Err(HashError::Capacity { retry_after }) if retry_after > Duration::from_secs(1)),
        "{refused:?}"
    );
    assert_eq!(hasher.hash(secret("open sesame"), Instant::now()).await.err(), Some(HashError::DeadlineExceeded));
    drop(held);
    hasher.shutdown().await;
    assert_eq!(drawn.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_client_that_goes_away_frees_nothing_early() {
    let drawn = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&drawn);
    let salts = move || {
        counter.fetch_add(1, Ordering::Relaxed);
        [0; SALT_BYTES]
    };
    let hasher =
        PasswordHasher::start_with_salts(HasherSettings { threads: 1, queue_jobs_max: 1, ..CHEAP }, salts).unwrap();
    let held = hold_a_thread(&hasher).await;
    let mut gone = Box::pin(hasher.hash(secret("open sesame"), soon()));
    assert!(poll_once(&mut gone).is_pending());
    drop(gone);
    // Its place is still taken, and stays so until its turn.
    let refused = hasher.hash(secret("open sesame"), soon()).await;
    assert!(matches!(refused, Err(HashError::Capacity { .. })), "{refused:?}");
    drop(held);
    // Its turn comes and passes; nothing is computed for nobody.
    hasher.shutdown().await;
    assert_eq!(drawn.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_client_that_goes_away_in_mid_hash_leaves_the_thread_sound() {
    let (begin, begun) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let released = Mutex::new(released);
    // The first salt waits in the middle of its hash.
    let salts = move || {
        begin.send(()).unwrap();
        let _ = released.lock().unwrap().recv();
        [7; SALT_BYTES]
    };
    let hasher = PasswordHasher::start_with_salts(HasherSettings { threads: 1, ..CHEAP }, salts).unwrap();
    let mut gone = Box::pin(hasher.hash(secret("first"), soon()));
    assert!(poll_once(&mut gone).is_pending());
    begun.recv().unwrap();
    drop(gone);
    // The only thread is at the dropped call's hash, so this one waits.
    let mut second = Box::pin(hasher.hash(secret("second"), soon()));
    assert!(poll_once(&mut second).is_pending());
    assert!(begun.try_recv().is_err());
    drop(release);
    let hash = second.await.unwrap();
    assert_eq!(hasher.verify(secret("second"), &hash, soon()).await.map(|verdict| verdict.matches), Ok(true));
}

#[tokio::test]
async fn a_panic_costs_one_call_and_no_thread() {
    let first = AtomicUsize::new(0);
    let salts = move || {
        assert_ne!(first.fetch_add(1, Ordering::Relaxed), 0, "the first salt is wanted to fail");
        [7; SALT_BYTES]
    };
    let hasher = PasswordHasher::start_with_salts(HasherSettings { threads: 1, ..CHEAP }, salts).unwrap();
    assert_eq!(hasher.hash(secret("open sesame"), soon()).await.err(), Some(HashError::Failed));
    let hash = hasher.hash(secret("open sesame"), soon()).await.unwrap();
    assert_eq!(hasher.verify(secret("open sesame"), &hash, soon()).await.map(|verdict| verdict.matches), Ok(true));
}

#[tokio::test]
async fn shutting_down_finishes_what_was_admitted() {
    let hasher = PasswordHasher::start(HasherSettings { threads: 1, ..CHEAP }).unwrap();
    let held = hold_a_thread(&hasher).await;
    let mut waiting: Vec<_> = (0..10).map(|_| Box::pin(hasher.hash(secret("open sesame"), soon()))).collect();
    assert!(waiting.iter_mut().all(|call| poll_once(call).is_pending()));
    let mut shutdown = Box::pin(hasher.shutdown());
    assert!(poll_once(&mut shutdown).is_pending());
    assert_eq!(hasher.hash(secret("open sesame"), soon()).await.err(), Some(HashError::Draining));
    drop(held);
    assert!(join_all(waiting).await.iter().all(Result::is_ok));
    shutdown.await;
}

#[tokio::test]
async fn the_threads_end_with_the_last_handle() {
    let hasher = cheap();
    let queue = Arc::downgrade(&hasher.pool.queue);
    let threads = std::mem::take(&mut *hasher.pool.threads.lock().unwrap());
    let clone = hasher.clone();
    drop(hasher);
    assert!(clone.hash(secret("open sesame"), soon()).await.is_ok());
    drop(clone);
    for thread in threads {
        thread.join().unwrap();
    }
    assert!(queue.upgrade().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_callers_each_get_their_own_answer() {
    let hasher = cheap();
    let calls = (0..200).map(|number| {
        let hasher = hasher.clone();
        tokio::spawn(async move {
            let own = format!("password {number}");
            let hash = hasher.hash(secret(&own), soon()).await.unwrap();
            let right = hasher.verify(secret(&own), &hash, soon()).await.unwrap();
            let wrong = hasher.verify(secret(format!("password {}", number + 1)), &hash, soon()).await.unwrap();
            right.matches && !wrong.matches
        })
    });
    assert!(join_all(calls).await.into_iter().all(|fine| fine.unwrap()));
}

#[test]
fn settings_out_of_their_bounds_start_nothing() {
    let refused = PasswordHasher::start(HasherSettings { threads: 0, ..CHEAP });
    assert!(matches!(refused, Err(StartError::Settings(SettingsFault::Threads))));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_bytes_verify_against_their_own_hash_only(
        password in prop::collection::vec(any::<u8>(), 0..=PASSWORD_OCTETS_MAX),
        other in prop::collection::vec(any::<u8>(), 0..=40),
    ) {
        static HASHER: std::sync::LazyLock<PasswordHasher> = std::sync::LazyLock::new(cheap);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let hash = HASHER.hash(secret(&password), soon()).await.unwrap();
            prop_assert!(HASHER.verify(secret(&password), &hash, soon()).await.unwrap().matches);
            let verdict = HASHER.verify(secret(&other), &hash, soon()).await.unwrap();
            prop_assert_eq!(verdict.matches, other == password);
            Ok(())
        })?;
    }
}
