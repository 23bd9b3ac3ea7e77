//! DIS-2: what outlives a sender (feature `json`).

use mta_sts::client::Advice;

use crate::setup::{PATIENT, Sender, builder, policy_domain, report};

#[tokio::test]
async fn dis_2_a_restart_does_not_weaken_a_policy() {
    let sender = Sender::new().await;
    let domain = sender.known().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policies");
    assert_eq!(sender.client.save_snapshot(&path).await.unwrap(), 1);

    let restarted = builder(&sender.world, sender.world.guard(), PATIENT).build();
    restarted.restore_snapshot(&path).await.unwrap();
    domain.strip_txt().block_https();
    let answer = restarted.policy(&policy_domain(&domain)).await.unwrap();
    assert_eq!(answer.advice(), Advice::Enforce);
    let failure = "sts-policy-fetch-error (no-record)";
    assert_eq!(report(&answer).as_deref(), Some(failure));
}

/// A back-off outlives it too (FET-5).
#[tokio::test]
async fn fet_5_a_restart_does_not_end_a_back_off() {
    let sender = Sender::new().await;
    let domain = sender.known().await;
    domain.txt(&["v=STSv1; id=2;"]).block_https();
    sender.answer(&domain).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policies");
    sender.client.save_snapshot(&path).await.unwrap();

    let restarted = builder(&sender.world, sender.world.guard(), PATIENT).build();
    restarted.restore_snapshot(&path).await.unwrap();
    let attempts = || sender.world.network().attempts_for(&domain.policy_host()).len();
    let before = attempts();
    let answer = restarted.policy(&policy_domain(&domain)).await.unwrap();
    let failure = "sts-policy-fetch-error (connection-failed)";
    assert_eq!(report(&answer).as_deref(), Some(failure));
    assert_eq!((answer.advice(), attempts()), (Advice::Enforce, before));
}
