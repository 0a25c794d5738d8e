//! Real panics in every place an actor can panic, under queued load.

use std::sync::atomic::{AtomicU64, Ordering};

use actix::fut::{ActorFutureExt, wrap_future};
use actix::{AsyncContext, Handler, MailboxError, Message, ResponseActFuture};

use super::*;

/// Counts what it does; panics on demand.
#[derive(Default)]
struct Fragile {
    handled: u32,
    starts: u32,
    restarts: u32,
    panics_in_started: u32,
    ticks: Arc<AtomicU64>,
}

impl Actor for Fragile {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.starts += 1;
        if self.panics_in_started > 0 {
            self.panics_in_started -= 1;
            panic!("not yet");
        }
        ctx.run_interval(Duration::from_millis(10), |this, _| {
            this.ticks.fetch_add(1, Ordering::SeqCst);
        });
    }
}

impl Supervised for Fragile {
    fn restarting(&mut self, _: &mut Self::Context) {
        self.restarts += 1;
    }
}

#[derive(Message)]
#[rtype(result = "(u32, u32, u32)")]
struct Count;

impl Handler<Count> for Fragile {
    type Result = actix::MessageResult<Count>;

    fn handle(&mut self, _: Count, _: &mut Self::Context) -> Self::Result {
        self.handled += 1;
        actix::MessageResult((self.handled, self.starts, self.restarts))
    }
}

#[derive(Message)]
#[rtype(result = "()")]
enum Break {
    InHandler,
    InSpawnedFuture,
    InActorFuture,
    ByStopping,
}

impl Handler<Break> for Fragile {
    type Result = ResponseActFuture<Self, ()>;

    fn handle(&mut self, how: Break, ctx: &mut Self::Context) -> Self::Result {
        let doomed = || wrap_future::<_, Self>(async {}).map(|(), _, _| panic!("later"));
        match how {
            Break::InHandler => panic!("at once"),
            Break::InSpawnedFuture => _ = ctx.spawn(doomed()),
            Break::InActorFuture => return Box::pin(doomed()),
            Break::ByStopping => actix::ActorContext::stop(ctx),
        }
        Box::pin(wrap_future(async {}))
    }
}

fn supervisor(policy: Policy) -> (Supervisor, Arc<Mutex<Vec<&'static str>>>) {
    let given_up = Arc::new(Mutex::new(Vec::new()));
    let list = Arc::clone(&given_up);
    (Supervisor::new(policy, move |name| list.lock().unwrap().push(name)), given_up)
}

async fn survives(how: Break) {
    let (supervisor, given_up) = supervisor(Policy::default());
    let ticks = Arc::new(AtomicU64::new(0));
    let actor = Fragile { ticks: Arc::clone(&ticks), ..Fragile::default() };
    let addr = supervisor.start("Fragile", &Place::Here, 16, move || actor);
    assert_eq!(addr.send(Count).await.unwrap(), (1, 1, 0));

    addr.do_send(how);
    let queued: Vec<_> = (0..100).map(|_| addr.send(Count)).collect();
    let mut answers = Vec::new();
    for answer in queued {
        answers.push(answer.await.expect("a message queued behind a panic is handled"));
    }
    assert_eq!(
        answers.iter().map(|answer| answer.0).collect::<Vec<_>>(),
        (2..=101).collect::<Vec<_>>()
    );

    // A panic in a future comes after the queued messages; wait for its restart.
    let mut last = answers[99];
    while last.1 < 2 {
        last = addr.send(Count).await.unwrap();
        tokio::task::yield_now().await;
    }
    assert!(addr.connected());
    assert_eq!(supervisor.restarts(), [("Fragile", 1)]);
    assert_eq!(last.1, 2, "started ran again, once");
    assert!(given_up.lock().unwrap().is_empty());

    let before = ticks.load(Ordering::SeqCst);
    while ticks.load(Ordering::SeqCst) == before {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[actix::test]
async fn a_panic_in_a_handler_costs_one_message() {
    survives(Break::InHandler).await;
}

#[actix::test]
async fn a_panic_in_a_spawned_future_costs_that_future() {
    survives(Break::InSpawnedFuture).await;
}

#[actix::test]
async fn a_panic_in_an_actor_future_costs_its_answer() {
    survives(Break::InActorFuture).await;
}

#[actix::test]
async fn stopping_means_restarting() {
    survives(Break::ByStopping).await;
}

#[actix::test]
async fn the_sender_of_the_fatal_message_is_told() {
    let (supervisor, _) = supervisor(Policy::default());
    let addr = supervisor.start("Fragile", &Place::Here, 16, Fragile::default);
    assert!(matches!(addr.send(Break::InHandler).await, Err(MailboxError::Closed)));
    assert_eq!(addr.send(Count).await.unwrap(), (1, 2, 1));
}

#[actix::test]
async fn a_panicking_start_is_tried_again_with_growing_pauses() {
    tokio::time::pause();
    let (supervisor, _) = supervisor(Policy::default());
    let begin = Instant::now();
    let actor = Fragile { panics_in_started: 4, ..Fragile::default() };
    let addr = supervisor.start("Fragile", &Place::Here, 16, move || actor);
    assert_eq!(addr.send(Count).await.unwrap(), (1, 5, 4));
    // 0 + 1 + 2 + 4 seconds.
    assert_eq!(begin.elapsed().as_secs(), 7);
}

#[actix::test]
async fn the_pauses_start_over_after_a_minute_of_health() {
    tokio::time::pause();
    let (supervisor, _) = supervisor(Policy::default());
    let actor = Fragile { panics_in_started: 3, ..Fragile::default() };
    let addr = supervisor.start("Fragile", &Place::Here, 16, move || actor);
    addr.send(Count).await.unwrap();
    tokio::time::sleep(Duration::from_secs(61)).await;
    let begin = Instant::now();
    addr.do_send(Break::InHandler);
    addr.send(Count).await.unwrap();
    assert_eq!(begin.elapsed().as_secs(), 0);
}

#[actix::test]
async fn a_spent_budget_is_escalated_once() {
    tokio::time::pause();
    let policy = Policy { max_restarts: 3, ..Policy::default() };
    let (supervisor, given_up) = supervisor(policy);
    let actor = Fragile { panics_in_started: u32::MAX, ..Fragile::default() };
    let addr = supervisor.start("Fragile", &Place::Here, 16, move || actor);
    assert!(matches!(addr.send(Count).await, Err(MailboxError::Closed)));
    assert_eq!(*given_up.lock().unwrap(), ["Fragile"]);
    assert_eq!(supervisor.restarts(), [("Fragile", 3)]);
}

#[actix::test]
async fn an_optional_actor_that_cannot_live_ends_alone() {
    tokio::time::pause();
    let policy = Policy { max_restarts: 3, ..Policy::default() };
    let (supervisor, given_up) = supervisor(policy);
    let actor = Fragile { panics_in_started: u32::MAX, ..Fragile::default() };
    let addr = supervisor.start_needed("Extra", Need::Optional, &Place::Here, 16, move || actor);
    let neighbour = supervisor.start("Fragile", &Place::Here, 16, Fragile::default);
    assert!(matches!(addr.send(Count).await, Err(MailboxError::Closed)));
    assert_eq!(*given_up.lock().unwrap(), [""; 0]);
    assert_eq!(supervisor.given_up(), ["Extra"]);
    neighbour.send(Count).await.unwrap();
}

#[actix::test]
async fn old_restarts_leave_the_budget() {
    tokio::time::pause();
    let policy = Policy { max_restarts: 2, ..Policy::default() };
    let (supervisor, given_up) = supervisor(policy);
    let addr = supervisor.start("Fragile", &Place::Here, 16, Fragile::default);
    for _ in 0..5 {
        addr.do_send(Break::InHandler);
        addr.send(Count).await.unwrap();
        tokio::time::sleep(policy.window / 2 + Duration::from_secs(1)).await;
    }
    assert!(given_up.lock().unwrap().is_empty());
}

#[actix::test]
async fn a_neighbour_runs_on_while_an_actor_pauses() {
    let policy = Policy {
        base: Duration::from_secs(3600),
        ceiling: Duration::from_secs(3600),
        ..Policy::default()
    };
    let (supervisor, _) = supervisor(policy);
    let actor = Fragile { panics_in_started: 2, ..Fragile::default() };
    let broken = supervisor.start("Broken", &Place::Here, 16, move || actor);
    let neighbour = supervisor.start("Neighbour", &Place::Here, 16, Fragile::default);
    broken.do_send(Break::InHandler);
    assert_eq!(neighbour.send(Count).await.unwrap(), (1, 1, 0));
    assert!(broken.connected());
}

#[actix::test]
async fn an_actor_on_its_own_arbiter_is_supervised_too() {
    let (supervisor, _) = supervisor(Policy::default());
    let arbiter = actix_rt::Arbiter::new();
    let place = Place::Arbiter(arbiter.handle());
    let addr = supervisor.start("Fragile", &place, 16, Fragile::default);
    addr.do_send(Break::InHandler);
    assert_eq!(addr.send(Count).await.unwrap(), (1, 2, 1));
    arbiter.stop();
}

#[actix::test]
async fn an_actor_nobody_can_reach_ends_quietly() {
    let (supervisor, given_up) = supervisor(Policy::default());
    let addr = supervisor.start("Fragile", &Place::Here, 16, Fragile::default);
    addr.send(Count).await.unwrap();
    drop(addr);
    tokio::task::yield_now().await;
    assert_eq!(supervisor.restarts(), [("Fragile", 0)], "known before its first restart");
    assert!(given_up.lock().unwrap().is_empty());
}

#[test]
fn the_pause_doubles_up_to_its_ceiling() {
    let policy = Policy::default();
    let seconds: Vec<u64> = (0..9).map(|n| policy.pause(n).as_secs()).collect();
    assert_eq!(seconds, [0, 1, 2, 4, 8, 16, 32, 60, 60]);
    assert_eq!(policy.pause(u32::MAX).as_secs(), 60);
}
