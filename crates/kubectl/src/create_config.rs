//! `kubectl create configmap` and `kubectl create secret`.

use crate::call::FileError;
use crate::ctx::Ctx;
use crate::dry::named;
use crate::fail::{Run, plain};
use crate::hash;
use base::{Text, base64_encode, names};
use value::{Map, Value, obj};

pub(crate) fn config_map(ctx: &mut Ctx) -> Run {
    let name = ctx.one_name()?;
    let (mut data, mut binary) = (Map::default(), Map::default());
    let what = format!("ConfigMap \"{name}\"");
    for (key, bytes) in sources(ctx)? {
        check_key(ctx, &key, "ConfigMap")?;
        if data.contains(&key) || binary.contains(&key) {
            return plain(format!(
                "cannot add key {:?}, another key by that name already exists in Data for {what}",
                key.as_str()
            ));
        }
        match std::str::from_utf8(&bytes) {
            Ok(text) => data.insert(&key, text),
            Err(_) => binary.insert(&key, base64_encode(&bytes)),
        };
    }
    let mut content = obj! { "kind" => "ConfigMap", "name" => &name, "data" => data.clone() };
    let mut object = obj! { "apiVersion" => "v1", "kind" => "ConfigMap" };
    if !data.is_empty() {
        object.set(&["data"], data);
    }
    if !binary.is_empty() {
        content.set(&["binaryData"], binary.clone());
        object.set(&["binaryData"], binary);
    }
    object.set(&["metadata"], named(&hashed(ctx, &name, &content)));
    ctx.make(object, "failed to create configmap: ")
}

pub(crate) fn generic(ctx: &mut Ctx) -> Run {
    let name = ctx.one_name()?;
    let mut data = Map::default();
    for (key, bytes) in sources(ctx)? {
        check_key(ctx, &key, "Secret")?;
        if data.contains(&key) {
            return plain(format!("cannot add key {}, another key by that name already exists", key));
        }
        data.insert(&key, base64_encode(&bytes));
    }
    let kind = ctx.flag("type");
    let content = obj! { "kind" => "Secret", "type" => &kind, "name" => &name, "data" => data.clone() };
    let mut object = obj! { "apiVersion" => "v1", "kind" => "Secret", "metadata" => named(&hashed(ctx, &name, &content)) };
    if !kind.is_empty() {
        object.set(&["type"], kind);
    }
    if !data.is_empty() {
        object.set(&["data"], data);
    }
    ctx.make(object, "failed to create secret ")
}

pub(crate) fn registry(ctx: &mut Ctx) -> Run {
    let name = ctx.one_name()?;
    no_hash(ctx)?;
    let files = ctx.flags("from-file");
    let (user, password) = (ctx.flag("docker-username"), ctx.flag("docker-password"));
    if files.is_empty() && (user.is_empty() || password.is_empty()) {
        return plain(
            "either --from-file or the combination of --docker-username, --docker-password and --docker-server is required",
        );
    }
    let text = match files.first() {
        Some(file) => read(ctx, file.rsplit('=').next().unwrap_or(file))?,
        None => {
            let quoted = |text: &Text| Value::Str(text.clone()).to_json_go();
            let email = ctx.flag("docker-email");
            let mail = if email.is_empty() { String::new() } else { format!("\"email\":{},", quoted(&email)) };
            let auth = base64_encode(format!("{user}:{password}").as_bytes());
            let server = quoted(&ctx.flag("docker-server"));
            format!(
                "{{\"auths\":{{{server}:{{\"username\":{},\"password\":{},{mail}\"auth\":\"{auth}\"}}}}}}",
                quoted(&user),
                quoted(&password)
            )
            .into()
        }
    };
    let object = obj! {
        "apiVersion" => "v1", "kind" => "Secret", "metadata" => named(&name), "type" => "kubernetes.io/dockerconfigjson",
        "data" => obj! { ".dockerconfigjson" => base64_encode(&text) },
    };
    ctx.make(object, "failed to create secret ")
}

pub(crate) fn tls(ctx: &mut Ctx) -> Run {
    let name = ctx.one_name()?;
    no_hash(ctx)?;
    let (cert, key) = (ctx.flag("cert"), ctx.flag("key"));
    if cert.is_empty() || key.is_empty() {
        return plain("key and cert must be specified");
    }
    let open = |path: &Text, why: FileError| format!("open {path}: {}", why.words());
    let cert_text = ctx.read_file(&cert)?.or_else(|why| plain(open(&cert, why)))?;
    let key_text = ctx.read_file(&key)?.or_else(|why| plain(open(&key, why)))?;
    if !cert_text.contains("-----BEGIN CERTIFICATE-----") {
        return plain("tls: failed to find any PEM data in certificate input");
    }
    if !key_text.contains("PRIVATE KEY-----") {
        return plain("tls: failed to find any PEM data in key input");
    }
    let object = obj! {
        "apiVersion" => "v1", "kind" => "Secret", "metadata" => named(&name), "type" => "kubernetes.io/tls",
        "data" => obj! { "tls.crt" => base64_encode(cert_text.as_bytes()), "tls.key" => base64_encode(key_text.as_bytes()) },
    };
    ctx.make(object, "failed to create secret ")
}

fn no_hash(ctx: &Ctx) -> Run {
    if ctx.on("append-hash") { plain("--append-hash is not supported here for this type of secret") } else { Ok(()) }
}

/// The name, with the hash of the content if --append-hash asks for it.
fn hashed(ctx: &Ctx, name: &str, content: &Value) -> String {
    if ctx.on("append-hash") { format!("{name}-{}", hash::suffix(content)) } else { name.to_string() }
}

fn check_key(ctx: &Ctx, key: &str, kind: &str) -> Run {
    if ctx.flags("from-env-file").is_empty()
        && let Some(why) = names::config_map_key(key).first()
    {
        return plain(format!("{key:?} is not a valid key name for a {kind}: {why}"));
    }
    Ok(())
}

fn read(ctx: &mut Ctx, path: &str) -> Run<Vec<u8>> {
    if path == "/dev/stdin" || path == "-" {
        return Ok(ctx.env.stdin.clone().unwrap_or_default().as_bytes().to_vec());
    }
    match ctx.read_bytes(path)? {
        Ok(bytes) => Ok(bytes),
        Err(why) => plain(format!("error reading {path}: {}", why.words())),
    }
}

/// Keys and texts of `--from-file`, `--from-literal` and `--from-env-file`.
fn sources(ctx: &mut Ctx) -> Run<Vec<(Text, Vec<u8>)>> {
    let (files, literals, env_files) = (ctx.flags("from-file"), ctx.flags("from-literal"), ctx.flags("from-env-file"));
    let mut found = Vec::new();
    if !env_files.is_empty() && (!files.is_empty() || !literals.is_empty()) {
        return plain("from-env-file cannot be combined with from-file or from-literal");
    }
    for literal in literals {
        match literal.split_once('=') {
            Some((key, text)) if !key.is_empty() => {
                found.push((key.into(), text.as_bytes().to_vec()));
            }
            _ => return plain(format!("invalid literal source {literal}, expected key=value")),
        }
    }
    for file in files {
        from_file(ctx, &file, &mut found)?;
    }
    for file in env_files {
        let bytes = read(ctx, &file)?;
        for line in String::from_utf8_lossy(&bytes).lines() {
            env_line(ctx, line, &mut found)?;
        }
    }
    Ok(found)
}

fn from_file(ctx: &mut Ctx, source: &str, found: &mut Vec<(Text, Vec<u8>)>) -> Run {
    let (key, path) = match source.matches('=').count() {
        0 => ("", source),
        1 if source.starts_with('=') => return plain(format!("key name for file path {} missing", &source[1..])),
        1 if source.ends_with('=') => return plain(format!("file path for key name {} missing", source.trim_end_matches('='))),
        1 => source.split_once('=').unwrap_or(("", source)),
        _ => return plain("key names or file paths cannot contain '='"),
    };
    if path != "/dev/stdin" && matches!(ctx.read_file(path)?, Err(FileError::IsFolder)) {
        if !key.is_empty() {
            return plain("cannot give a key name for a directory path");
        }
        let mut entries = ctx.list_dir(path)?.unwrap_or_default();
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        for entry in entries.into_iter().filter(|entry| !entry.is_folder && names::config_map_key(&entry.name).is_empty()) {
            let text = read(ctx, &format!("{}/{}", path.trim_end_matches('/'), entry.name))?;
            found.push((entry.name, text));
        }
        return Ok(());
    }
    let text = read(ctx, path)?;
    let key = if key.is_empty() { path.rsplit('/').next().unwrap_or(path) } else { key };
    found.push((key.into(), text));
    Ok(())
}

fn env_line(ctx: &Ctx, line: &str, found: &mut Vec<(Text, Vec<u8>)>) -> Run {
    let line = line.trim_start();
    if line.is_empty() || line.starts_with('#') {
        return Ok(());
    }
    // A name alone takes its value from the environment.
    let own = ctx.env.variable(line);
    let (key, text) = line.split_once('=').unwrap_or((line, &own));
    if let Some(why) = names::env_var_name_strict(key).first() {
        return plain(format!("{key:?} is not a valid key name: {why}"));
    }
    found.push((key.into(), text.as_bytes().to_vec()));
    Ok(())
}
