//! One HTTP request from its head to its answer: who asks, what, whether they may; then reads on the published moment,
//! writes through the engine, watches and container streams as they come.

use crate::engine::Engine;
use crate::follow::follow;
use crate::jwt::Signer;
use crate::media::{self, Media};
use crate::observed::Observer;
use crate::record::Record;
use crate::server::Caller;
use crate::streams;
use crate::url::{self, Route};
use crate::users::{self, Token};
use api::{PatchType, Reply, Request, Status, User, Verb};
use apiserver::{Attempt, Context, Plan, WatchPlan};
use base::{Rng, Text, text};
use control::Answered;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::StreamExt;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, Limited, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::header::{
    ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, USER_AGENT,
    VARY, WARNING,
};
use hyper::{HeaderMap, Response, StatusCode};
use std::convert::Infallible;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use value::{Value, list, obj};

pub type Body = UnsyncBoxBody<Bytes, Infallible>;
pub type Asked = hyper::Request<Incoming>;

/// Larger bodies are refused.
const BODY_LIMIT: usize = 3 * 1024 * 1024;
/// A body that comes more slowly is given up.
const BODY_TIME: Duration = Duration::from_secs(30);
/// So many requests that read and that write are worked on at a time, as kube-apiserver has it; watches and streams do not count.
const READS: usize = 400;
const WRITES: usize = 200;
/// Larger answers are compressed for clients that can read them so.
const LARGE: usize = 128 * 1024;

/// Frames instead of lines.
const PROTOBUF_WATCH: &str = "application/vnd.kubernetes.protobuf;stream=watch";
/// The media type of aggregated discovery names its kind.
const DISCOVERY: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// What all connections share.
pub struct Service {
    pub engine: Engine,
    pub tokens: Vec<Token>,
    pub observer: Arc<Observer>,
    signer: Signer,
    reads: Semaphore,
    writes: Semaphore,
}

/// How the answer to a request is to be written.
#[derive(Clone, Copy, Default)]
pub struct Form {
    pub media: Media,
    pub pretty: bool,
    /// The client reads gzip.
    pub gzip: bool,
}

impl Service {
    pub fn new(engine: Engine, (tokens, signer): (Vec<Token>, Signer), observer: Observer) -> Service {
        let (reads, writes) = (Semaphore::new(READS), Semaphore::new(WRITES));
        Service { engine, tokens, observer: Arc::new(observer), signer, reads, writes }
    }
    /// Answers a request that came over this connection.
    pub async fn answer(&self, asked: Asked, caller: &Caller) -> Response<Body> {
        let mut form = Form { gzip: takes_gzip(asked.headers()), ..Form::default() };
        let mut record = Record::new(asked.uri(), asked.headers(), caller.address, || self.observer.name());
        let response = match self.carry_out(asked, caller, (&mut form, &mut record)).await {
            Ok(response) => response,
            Err(status) => respond(form, &apiserver::refusal(status)),
        };
        self.observer.observe(record, response)
    }
    async fn carry_out(
        &self,
        asked: Asked,
        caller: &Caller,
        (form, record): (&mut Form, &mut Record),
    ) -> Result<Response<Body>, Status> {
        let user = users::authenticate(asked.headers(), caller.certified.as_deref(), &|token| self.holder(token))?;
        record.user = user.clone();
        let uri = asked.uri();
        let Route { mut request, verb, pretty } = url::route(asked.method().as_str(), uri.path(), uri.query().unwrap_or(""))?;
        form.pretty = pretty;
        record.leads_to(&request, verb);
        request.user = self.on_behalf(user, asked.headers())?;
        record.acts_for = (request.user != record.user).then(|| request.user.clone());
        apiserver::authorize(&self.engine.moment().store.snapshot(), &request, verb)?;
        let header = |name| asked.headers().get(name).and_then(|v: &HeaderValue| v.to_str().ok()).unwrap_or("").to_string();
        let (content, agent) = (header(CONTENT_TYPE), header(USER_AGENT));
        if request.verb != Verb::Connect {
            (form.media, request.accept) = media::negotiate(&header(ACCEPT))?;
        }
        if request.verb == Verb::Connect {
            return self.connect(asked, request).await;
        }
        if request.verb == Verb::Path
            && verb == "get"
            && let Some(page) = self.page(&request.name, *form)
        {
            return Ok(page);
        }
        let reads = matches!(request.verb, Verb::Get | Verb::List | Verb::Watch | Verb::Path);
        let _place = if reads { &self.reads } else { &self.writes }.try_acquire().map_err(|_| busy())?;
        let bytes = self.body(asked).await?;
        if !matches!(request.verb, Verb::Get | Verb::List | Verb::Watch) {
            request.body = media::read(&mut request, &content, &bytes)?;
            record.makes(&request.body);
            // Whoever applies has to say who they are.
            if request.query.field_manager.is_empty() && request.verb != Verb::Patch(PatchType::Apply) {
                request.query.field_manager = program(&agent);
            }
        }
        if request.verb == Verb::Path && !matches!(verb, "get" | "head") {
            // These paths are read only: anything else is refused as if it had brought something.
            request.body = Value::map();
        }
        match request.verb {
            Verb::Get | Verb::Watch | Verb::Path => read(&self.engine, &request, *form),
            Verb::List => {
                // A long list does not keep others waiting.
                let (engine, form) = (self.engine.clone(), *form);
                let listed = tokio::task::spawn_blocking(move || read(&engine, &request, form)).await;
                listed.unwrap_or_else(|_| Err(Status::internal("the list could not be made")))
            }
            Verb::Create if request.group == "authentication.k8s.io" && request.resource == "tokenreviews" => {
                let holder = self.holder(request.body["spec"]["token"].s());
                Ok(respond(*form, &apiserver::reviewed(&request, self.engine.config(), &holder)))
            }
            Verb::Create | Verb::Update | Verb::Patch(_) | Verb::Delete | Verb::DeleteCollection | Verb::Connect => {
                let issues = request.resource == "serviceaccounts" && request.subresource == "token";
                match self.engine.request(request).await {
                    Answered::Reply(reply) if issues && reply.is_success() => Ok(respond(*form, &self.signed(reply)?)),
                    Answered::Reply(reply) => Ok(respond(*form, &reply)),
                    Answered::Watch(plan) => Ok(watch(&self.engine, *form, plan)),
                    Answered::Connect(_) => Err(Status::internal("a write led to a container")),
                }
            }
        }
    }
    /// Whose bearer token it is.
    fn holder(&self, token: &str) -> Result<User, Text> {
        if let Some(user) = users::listed(&self.tokens, token) {
            return Ok(user);
        }
        let claims = self.signer.claims(token).ok_or(text!("invalid bearer token"))?;
        let moment = self.engine.moment();
        apiserver::holder(moment.store.now(), self.engine.config(), &claims, moment.now())
    }
    /// The answer to a TokenRequest, with the token in the place of what it says.
    fn signed(&self, mut reply: Reply) -> Result<Reply, Status> {
        let token = self.signer.sign(reply.body["status"]["token"].s()).map_err(|why| Status::internal(why.to_string()))?;
        reply.body.set(&["status", "token"], token);
        Ok(reply)
    }
    /// Pages of the server itself, which the cluster knows nothing of.
    fn page(&self, path: &str, form: Form) -> Option<Response<Body>> {
        let (content, body) = match path {
            "/metrics" => {
                ("text/plain; version=0.0.4; charset=utf-8", Value::Str(self.observer.metrics.page(&self.engine).into()))
            }
            "/openid/v1/jwks" => ("application/jwk-set+json", self.signer.keys()),
            "/.well-known/openid-configuration" => ("application/json", openid(&self.engine.config().issuer)),
            _ => return None,
        };
        let mut response = respond(Form { media: Media::Json, ..form }, &Reply::ok(body));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content));
        Some(response)
    }
    /// The user that the headers name, if the one who asks may act for them.
    fn on_behalf(&self, user: User, headers: &HeaderMap) -> Result<User, Status> {
        let Some(other) = users::impersonated(headers) else { return Ok(user) };
        let of = |resource, name: &str| -> Result<(), Status> {
            let attempt = Attempt { verb: "impersonate", group: "", resource, subresource: "", namespace: "", name, path: "" };
            let snap = self.engine.moment().store.snapshot();
            if apiserver::allowed(&snap, &user, &attempt) {
                return Ok(());
            }
            let why = format!(
                "User \"{}\" cannot impersonate resource \"{resource}\" in API group \"\" at the cluster scope",
                user.name
            );
            Err(Status::forbidden(resource, name, &why))
        };
        of("users", &other.name)?;
        for group in other.groups.iter().filter(|g| !matches!(g.as_str(), "system:authenticated" | "system:unauthenticated")) {
            of("groups", group)?;
        }
        Ok(other)
    }
    async fn body(&self, asked: Asked) -> Result<Bytes, Status> {
        let body = tokio::time::timeout(BODY_TIME, Limited::new(asked.into_body(), BODY_LIMIT).collect());
        match body.await.map_err(|_| Status::new(408, "Timeout", "the body of the request did not come in time"))? {
            Ok(body) => Ok(body.to_bytes()),
            Err(error) if error.is::<http_body_util::LengthLimitError>() => {
                let message = format!("Request entity too large: limit is {BODY_LIMIT}");
                Err(Status::new(413, "RequestEntityTooLarge", message))
            }
            Err(error) => Err(Status::bad_request(error.to_string())),
        }
    }
    /// Logs are an answer's body; everything else switches the protocol.
    async fn connect(&self, asked: Asked, request: Request) -> Result<Response<Body>, Status> {
        match self.engine.request(request).await {
            Answered::Reply(reply) => Ok(respond(Form::default(), &reply)),
            Answered::Watch(plan) => Ok(watch(&self.engine, Form::default(), plan)),
            Answered::Connect(connect) => streams::open(&self.engine, asked, connect).await,
        }
    }
}

/// Reads decide on what was published, beside the engine.
fn read(engine: &Engine, request: &Request, form: Form) -> Result<Response<Body>, Status> {
    let moment = engine.moment();
    let mut rng = Rng::new(0);
    let mut context = Context { now: moment.now(), rng: &mut rng, config: engine.config() };
    match apiserver::admit(moment.store.now(), request, &mut context) {
        Plan::Reply(reply) => Ok(respond(form, &reply)),
        Plan::Watch(plan) => Ok(watch(engine, form, plan)),
        Plan::Write(_) | Plan::Connect(_) => Err(Status::internal("a read is no write")),
    }
}

fn watch(engine: &Engine, form: Form, plan: Box<WatchPlan>) -> Response<Body> {
    let warnings = plan.warnings.clone();
    let content = if form.media == Media::Protobuf { PROTOBUF_WATCH } else { Media::Json.name() };
    let frames = follow(engine, plan, form.media).map(|piece| Ok(Frame::data(piece)));
    let mut response = Response::new(BodyExt::boxed_unsync(StreamBody::new(frames)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content));
    head(response.headers_mut(), &warnings);
    response
}

/// Whether the client asks for gzip. Models negotiateEncoding of k8s.io/apiserver/pkg/endpoints/handlers/responsewriters.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get(ACCEPT_ENCODING).and_then(|h| h.to_str().ok()).unwrap_or_default();
    accepted.split(',').any(|part| part.split(';').next().unwrap_or_default().trim() == "gzip")
}

fn compressed(bytes: &[u8]) -> Option<Bytes> {
    let mut out = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::new(1));
    out.write_all(bytes).and_then(|()| out.finish()).ok().map(Bytes::from)
}

/// Where whoever gets a token finds out how to check it. Models pkg/serviceaccount/openidmetadata.go.
fn openid(issuer: &str) -> Value {
    obj! {
        "issuer" => issuer, "jwks_uri" => format!("{issuer}/openid/v1/jwks"), "response_types_supported" => list!["id_token"],
        "subject_types_supported" => list!["public"], "id_token_signing_alg_values_supported" => list!["ES256"],
    }
}

fn busy() -> Status {
    let mut status = Status::too_many_requests("Too many requests, please try again later.");
    status.details.retry_after_seconds = 1;
    status
}

/// The program that a User-Agent names (`kubectl` of `kubectl/v1.33.9 (linux/amd64)`): who manages fields if nobody else is told.
fn program(agent: &str) -> Text {
    let name: String = agent.split('/').next().unwrap_or_default().chars().filter(|c| !c.is_control()).take(128).collect();
    if name.is_empty() || name.len() > 128 { "unknown".into() } else { name.into() }
}

/// An answer in its form.
pub fn respond(form: Form, reply: &Reply) -> Response<Body> {
    let (content, bytes) = media::write(form.media, form.pretty, &reply.body);
    let bytes = if reply.code == 204 { Bytes::new() } else { bytes };
    let gzip = if form.gzip && bytes.len() > LARGE { compressed(&bytes) } else { None };
    let is_gzip = gzip.is_some();
    let bytes = gzip.unwrap_or(bytes);
    let mut response = Response::new(Full::new(bytes).boxed_unsync());
    *response.status_mut() = StatusCode::from_u16(reply.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    if is_gzip {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    }
    let content = match reply.body["kind"].s() {
        "APIGroupDiscoveryList" if form.media == Media::Json => DISCOVERY,
        _ => content,
    };
    if reply.code != 204 {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content));
    }
    let retry = reply.failure().map_or(0, |failure| failure.details.retry_after_seconds);
    if retry > 0 {
        headers.insert(RETRY_AFTER, HeaderValue::from(retry));
    }
    head(headers, &reply.warnings);
    response
}

fn head(headers: &mut HeaderMap, warnings: &[Text]) {
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    headers.insert(HeaderName::from_static("x-content-type-options"), HeaderValue::from_static("nosniff"));
    for warning in warnings {
        let quoted = warning.replace('\\', "\\\\").replace('"', "\\\"");
        if let Ok(value) = HeaderValue::from_str(&format!("299 - \"{quoted}\"")) {
            headers.append(WARNING, value);
        }
    }
}
