//! Virtual time: what it is, how fast it runs, stepping, and going back.

use crate::bridge::dom;
use crate::hooks::use_look;
use crate::session::{Pace, Session, seconds};
use base::Time;
use yew::{Event, Html, InputEvent, Properties, component, html, use_callback};

const SPEEDS: [(f64, &str); 9] = [
    (0.1, "0.1×"),
    (0.5, "0.5×"),
    (1.0, "1×"),
    (2.0, "2×"),
    (5.0, "5×"),
    (10.0, "10×"),
    (30.0, "30×"),
    (100.0, "100×"),
    (f64::INFINITY, "max"),
];

/// Props of [`Clock`].
#[derive(Properties, PartialEq)]
pub struct ClockProps {
    pub session: Session,
}

#[derive(Clone, PartialEq)]
struct Now {
    /// Tenths of a second since the start.
    tenths: i64,
    end: i64,
    start: Time,
    paused: bool,
    speed: f64,
    past: bool,
    behind: bool,
}

fn read(session: &Session, (): &()) -> Now {
    session.look(|t| {
        let (start, end) = t.range();
        let now = t.world().now();
        let tenths = |time: Time| (time.as_micros() - start.as_micros()) / 100_000;
        Now {
            tenths: tenths(now),
            end: tenths(end),
            start,
            paused: t.is_paused(),
            speed: t.speed(),
            past: now < end,
            behind: session.is_behind(),
        }
    })
}

/// The time bar.
#[component]
pub fn Clock(props: &ClockProps) -> Html {
    let session = &props.session;
    let now = use_look(session, Pace::Frame, (), read);
    let toggle = use_callback(session.clone(), |_, session| {
        session.clock(|t| if t.is_paused() { t.resume() } else { t.pause() });
    });
    let step = use_callback(session.clone(), |_, session| {
        session.clock(|t| {
            t.pause();
            t.step_event();
        });
    });
    let speed = use_callback(session.clone(), |event: Event, session| {
        let chosen = dom::chosen(&event).parse().ok().and_then(|at: usize| SPEEDS.get(at));
        if let Some((speed, _)) = chosen {
            session.clock(|t| t.set_speed(*speed));
        }
    });
    let seek = use_callback((session.clone(), now.start), |event: InputEvent, (session, start)| {
        let tenths: i64 = dom::input_value(&event).parse().unwrap_or(0);
        session.seek(Time::from_micros(start.as_micros() + tenths * 100_000));
    });
    let present = use_callback((session.clone(), now.end, now.start), |_, (session, end, start)| {
        session.seek(Time::from_micros(start.as_micros() + (end + 1) * 100_000));
        session.clock(sim::Timeline::resume);
    });
    let (sign, word) = if now.paused { ("▶", "Resume") } else { ("❚❚", "Pause") };
    html! {
        <div class="clock" role="group" aria-label="Time">
            <button onclick={toggle} title={word} aria-label={word}>{ sign }</button>
            <button onclick={step} title="Step: run to the next change, then stop" aria-label="Step">{ "▸❚" }</button>
            <select onchange={speed} aria-label="Speed" title="How fast virtual time runs; max is as fast as this computer can">
                { for SPEEDS.iter().enumerate().map(|(at, (value, title))| html! {
                    <option value={at.to_string()} selected={same(*value, now.speed)}>{ *title }</option>
                }) }
            </select>
            <input type="range" class="seek" min="0" max={now.end.max(1).to_string()} value={now.tenths.to_string()}
                oninput={seek} aria-label="Go to a moment" aria-valuetext={clock_text(now.tenths / 10 * 10)} />
            <output aria-label="Virtual time" title="Virtual time since the cluster was ready">{ clock_text(now.tenths) }</output>
            { note(&now) }
            if now.past {
                <button onclick={present} title="Run on to the last moment that you saw">{ "Back to now" }</button>
            }
        </div>
    }
}

fn note(now: &Now) -> Html {
    let (text, title) = match (now.past, now.behind, now.paused) {
        (true, _, _) => ("the past", "Resume replays it. Apply or type something, and history takes another way from here."),
        (false, true, false) => ("behind", "This computer cannot keep up with the chosen speed; time runs slower than asked."),
        (false, _, true) => ("paused", "Nothing moves until you resume or step."),
        (false, false, false) => return html! {},
    };
    html! { <span class="note" title={title}>{ text }</span> }
}

/// `12.3`, `1:02.3`, `1:00:02.3`; whole seconds only from an hour on.
fn clock_text(tenths: i64) -> String {
    let (total, tenth) = (tenths / 10, tenths % 10);
    let (hours, minutes, seconds) = (total / 3600, total / 60 % 60, total % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}.{tenth}") }
}

fn same(a: f64, b: f64) -> bool {
    a.total_cmp(&b).is_eq()
}

/// A moment as the page writes it: since the cluster was ready.
pub fn since_start(session: &Session, time: Time) -> String {
    let start = session.look(|t| t.range().0);
    let tenths = (seconds(start, time) * 10.0) as i64;
    if tenths < 0 { format!("−{}", clock_text(-tenths)) } else { clock_text(tenths) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short() {
        assert_eq!(clock_text(5), "0:00.5");
        assert_eq!(clock_text(623), "1:02.3");
        assert_eq!(clock_text(36_023), "1:00:02");
    }
}
