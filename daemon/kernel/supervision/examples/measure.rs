//! ad hoc
use hecate_supervision::*;
use std::sync::{Arc, Mutex, atomic::{AtomicU64, Ordering::*}};
use std::time::{Duration, Instant};
struct W { n: Arc<AtomicU64>, }
enum Msg { Add, Ask(Reply<()>), Die(Instant) }
impl Message for Msg { fn variant(&self) -> &'static str { match self { Msg::Add=>"add", Msg::Ask(_)=>"ask", Msg::Die(_)=>"die" } } }
static CRASH: Mutex<Option<Instant>> = Mutex::new(None);
static LAT: Mutex<Vec<u64>> = Mutex::new(Vec::new());
impl Actor for W { type Msg=Msg; type Args=Arc<AtomicU64>;
 async fn init(n: Arc<AtomicU64>, _: &Me<Msg>) -> Result<Self, ExitReason> { if let Some(t)=CRASH.lock().unwrap().take(){ LAT.lock().unwrap().push(t.elapsed().as_nanos() as u64);} Ok(W{n}) }
 async fn handle(&mut self, m: Msg, _: &Me<Msg>) -> Result<(), ExitReason> { match m { Msg::Add => { self.n.fetch_add(1, Relaxed); Ok(()) } Msg::Ask(r) => { r.send(()); Ok(()) } Msg::Die(_) => { *CRASH.lock().unwrap()=Some(Instant::now()); Err(ExitReason::error("x")) } } } }
#[tokio::main(flavor="multi_thread", worker_threads=2)]
async fn main() {
 let n=Arc::new(AtomicU64::new(0)); let name=Name::new(); let mut k=Kinds::new(); let m=n.clone();
 k.worker::<W>("w", Some(name.clone()), move || m.clone()); let pool: Pool<W>=Pool::new(); k.pool::<W>("p",&pool);
 let text="schema=1\n[[supervisor]]\npath=\"/r\"\nintensity=1000\nperiod=\"1ms\"\n[[child]]\npath=\"/r/w\"\nkind=\"w\"\nmailbox={capacity=1000000}\n[[pool]]\npath=\"/r/p\"\nkind=\"p\"\nmax_children=100000\n";
 let tree=Tree::boot(&Plan::parse(text,"t",&k).unwrap(),&k).await.unwrap();
 let a=name.whereis().unwrap();
 let mut best=0f64; for _ in 0..40 { let c=100_000u64; let s=n.load(Relaxed); let t=Instant::now(); let a2=a.clone();
  tokio::spawn(async move { for _ in 0..c { while a2.cast(Msg::Add).is_err() { tokio::task::yield_now().await; } } }).await.unwrap();
  while n.load(Relaxed)-s<c { tokio::task::yield_now().await; } best=best.max(c as f64/t.elapsed().as_secs_f64()/1e6);}
 println!("cast best {best:.2} M/s");
 let mut best=0f64; for _ in 0..40 { let c=100_000u64; let s=n.load(Relaxed); let t=Instant::now(); let a2=name.clone();
  tokio::spawn(async move { for _ in 0..c { while a2.cast(Msg::Add).is_err() { tokio::task::yield_now().await; } } }).await.unwrap();
  while n.load(Relaxed)-s<c { tokio::task::yield_now().await; } best=best.max(c as f64/t.elapsed().as_secs_f64()/1e6);}
 println!("cast via name best {best:.2} M/s");
 let a2=a.clone(); let mut v=tokio::spawn(async move { let mut v=vec![]; for _ in 0..50_000 { let t=Instant::now(); a2.call(Msg::Ask, Duration::from_secs(5)).await.unwrap(); v.push(t.elapsed().as_nanos() as u64);} v}).await.unwrap();
 v.sort(); println!("call p50 {} ns p99 {} ns", v[v.len()/2], v[v.len()*99/100]);
 tokio::spawn(async move { for _ in 0..5000 { loop { if let Some(a)=name.whereis() { if a.cast(Msg::Die(Instant::now())).is_ok(){break;} } tokio::task::yield_now().await; } 
   let w=LAT.lock().unwrap().len(); let _=w; while CRASH.lock().unwrap().is_some() || LAT.lock().unwrap().len()==w { tokio::task::yield_now().await; if LAT.lock().unwrap().len()>w {break;} }
   tokio::time::sleep(Duration::from_millis(if LAT.lock().unwrap().len() % 2 == 0 {0} else {2})).await; } }).await.unwrap();
 let mut v=LAT.lock().unwrap().clone(); v.sort(); println!("crash->init n={} p50 {} ns p99 {} ns", v.len(), v[v.len()/2], v[v.len()*99/100]);
 let rss=||{ let s=std::fs::read_to_string("/proc/self/statm").unwrap(); s.split(' ').nth(1).unwrap().parse::<u64>().unwrap()*4096 };
 let before=rss(); let t=Instant::now(); for i in 0..20_000 { pool.start_child(i.to_string(), n.clone()).await.unwrap(); }
 println!("pool start {:.0} k/s, {} B each", 20_000f64/t.elapsed().as_secs_f64()/1e3, (rss()-before)/20_000);
 let t=Instant::now(); let s=tree.snapshot(); println!("snapshot of {} in {:?}", s.children[1].children.len(), t.elapsed());
 let t=Instant::now(); tree.stop(Duration::from_secs(10)).await; println!("stop 20k {:?}", t.elapsed());
}
