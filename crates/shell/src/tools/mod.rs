//! The tools that containers and the terminal have beside the shell, one file per family, and the table of their names.

use crate::tool::Maker::{self, Make, Once, Shell};

mod awk;
mod awk_parse;
mod awk_value;
mod checksum;
mod curl;
mod date;
mod dd;
mod diff;
mod dig;
mod entries;
mod find;
mod grep;
pub(crate) mod host;
#[cfg(feature = "jq")]
mod jq;
#[cfg(feature = "jq")]
mod jq_parse;
#[cfg(feature = "jq")]
mod jq_run;
#[cfg(feature = "jq")]
mod jq_value;
mod listing;
mod lookup;
mod nc;
mod ping;
mod printf;
mod run;
mod sed;
mod sort;
mod system;
pub(crate) mod test;
mod text;
mod time;
mod tr;
pub(crate) mod users;
mod wget;
mod words;

/// Every tool by name, in order of names.
pub(crate) static TOOLS: &[(&str, Maker)] = &[
    ("[", Once(test::test)),
    ("ash", Shell),
    ("awk", Make(awk::awk)),
    ("base64", Make(checksum::base64)),
    ("basename", Once(words::basename)),
    ("bash", Shell),
    ("cat", Make(text::cat)),
    ("chgrp", Once(entries::chgrp)),
    ("chmod", Once(entries::chmod)),
    ("chown", Once(entries::chown)),
    ("clear", Once(words::clear)),
    ("cmp", Once(diff::cmp)),
    ("cp", Once(entries::cp)),
    ("curl", Make(curl::curl)),
    ("cut", Make(text::cut)),
    ("dash", Shell),
    ("date", Once(date::date)),
    ("dd", Make(dd::dd)),
    ("df", Once(system::df)),
    ("diff", Make(diff::diff)),
    ("dig", Make(dig::dig)),
    ("dirname", Once(words::dirname)),
    ("dnsdomainname", Once(users::dnsdomainname)),
    ("du", Once(find::du)),
    ("echo", Once(printf::echo)),
    ("egrep", Make(grep::grep)),
    ("env", Make(run::env)),
    ("expr", Once(words::expr)),
    ("false", Once(|_| 1)),
    ("fgrep", Make(grep::grep)),
    ("find", Make(find::find)),
    ("free", Once(system::free)),
    ("gawk", Make(awk::awk)),
    ("grep", Make(grep::grep)),
    ("groups", Once(users::groups)),
    ("head", Make(text::head)),
    ("host", Make(lookup::host)),
    ("hostname", Once(users::hostname)),
    ("id", Once(users::id)),
    #[cfg(feature = "jq")]
    ("jq", Make(jq::jq)),
    ("ln", Once(entries::ln)),
    ("ls", Once(listing::ls)),
    ("md5sum", Make(checksum::md5sum)),
    ("mkdir", Once(entries::mkdir)),
    ("mktemp", Once(entries::mktemp)),
    ("mv", Once(entries::mv)),
    ("nc", Make(nc::nc)),
    ("ncat", Make(nc::nc)),
    ("nl", Make(text::nl)),
    ("nohup", Make(run::nohup)),
    ("nproc", Once(system::nproc)),
    ("nslookup", Make(lookup::nslookup)),
    ("od", Make(checksum::od)),
    ("ping", Make(ping::ping)),
    ("printenv", Once(users::printenv)),
    ("printf", Once(printf::printf)),
    ("ps", Once(system::ps)),
    ("readlink", Once(entries::readlink)),
    ("realpath", Once(entries::realpath)),
    ("rev", Make(text::rev)),
    ("rm", Once(entries::rm)),
    ("rmdir", Once(entries::rmdir)),
    ("sed", Make(sed::sed)),
    ("seq", Make(time::seq)),
    ("sh", Shell),
    ("sha256sum", Make(checksum::sha256sum)),
    ("sleep", Make(time::sleep)),
    ("sort", Make(sort::sort)),
    ("stat", Once(listing::stat)),
    ("sync", Once(|_| 0)),
    ("tac", Make(text::tac)),
    ("tail", Make(text::tail)),
    ("tee", Make(text::tee)),
    ("telnet", Make(nc::telnet)),
    ("test", Once(test::test)),
    ("time", Make(run::time)),
    ("timeout", Make(run::timeout)),
    ("touch", Once(entries::touch)),
    ("tr", Make(tr::tr)),
    ("true", Once(|_| 0)),
    ("truncate", Once(entries::truncate)),
    ("uname", Once(users::uname)),
    ("uniq", Make(sort::uniq)),
    ("uptime", Once(system::uptime)),
    ("usleep", Make(time::sleep)),
    ("wc", Make(text::wc)),
    ("wget", Make(wget::wget)),
    ("which", Once(words::which)),
    ("whoami", Once(users::whoami)),
    ("xargs", Make(run::xargs)),
    ("yes", Make(time::yes)),
];
