//! Questions that `nslookup` and `dig` put to DNS servers themselves, remembered as requests: all that was asked for one name
//! is one exchange, as it is for a client that resolves before it connects.

use crate::exchange::{Caller, Exchange};
use crate::world::World;
use base::{Duration, Text, text};
use dns::resolver::{Lookup, ResolvConf};
use dns::{Answer, Question, RecordType};

/// A tool asks its questions about one name within this time.
const TOGETHER: Duration = Duration::from_secs(15);

impl World {
    /// Remembers a question for an address; `None`: no server answered.
    pub(crate) fn note_lookup(&mut self, caller: &Caller, question: &Question, answer: Option<&Answer>) {
        if !matches!(question.kind, RecordType::A | RecordType::Aaaa) {
            return;
        }
        let mut exchange = self.unfinished(caller, question).unwrap_or_else(|| {
            let host = typed(caller, &question.name);
            Exchange {
                id: 0,
                at: self.now,
                from: caller.place.clone(),
                what: format!("lookup {host}").into(),
                host,
                lookups: Vec::new(),
                path: None,
                outcome: Text::new(),
                ok: false,
            }
        });
        if let Some(answer) = answer {
            exchange.lookups.push(Lookup { question: question.clone(), answer: answer.clone() });
        }
        let found = exchange.lookups.iter().find_map(|lookup| lookup.answer.addresses().next());
        exchange.ok = found.is_some();
        exchange.outcome = match found {
            Some(ip) => ip.to_string().into(),
            None if answer.is_none() => text!("no name server answered"),
            None => format!("the name {} does not exist", exchange.host).into(),
        };
        self.remember(exchange);
    }
    /// Takes back the last request, if this question belongs to it: the next name of the search list, the other kind of
    /// address, or a failed question put again.
    fn unfinished(&mut self, caller: &Caller, question: &Question) -> Option<Exchange> {
        let last = self.exchanges.back()?;
        let asked = |lookup: &Lookup| lookup.question == *question;
        let again = last.lookups.iter().any(asked);
        let belongs = last.what.starts_with("lookup ")
            && last.from == caller.place
            && self.now <= last.at + TOGETHER
            && is_below(&question.name, &last.host)
            && !(again && last.ok);
        let mut taken = if belongs { self.exchanges.pop_back().map(|last| (*last).clone()) } else { None }?;
        if again {
            taken.lookups.clear();
            taken.at = self.now;
        }
        Some(taken)
    }
}

/// Whether a question is about a host, with or without a domain of the search list behind it.
fn is_below(question: &str, host: &str) -> bool {
    question.strip_prefix(host).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// What was typed, of a question: the search list's domain is taken off.
fn typed(caller: &Caller, question: &str) -> Text {
    let name = question.trim_end_matches('.');
    let conf = ResolvConf::parse(&caller.resolv_conf);
    let bare = |domain: &Text| name.strip_suffix(domain.trim_end_matches('.'))?.strip_suffix('.');
    conf.search.iter().find_map(bare).filter(|bare| !bare.is_empty()).unwrap_or(name).into()
}
