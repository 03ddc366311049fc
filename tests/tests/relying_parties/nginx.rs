//! Debian's nginx with `auth_request`, under the configuration of `deploy/`: a static site that
//! knows nothing of signing in.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use countersign_tests::browser::{Browser, Looks};
use countersign_tests::neighbour::{Neighbour, free_port};

use crate::place::{Place, enable_on_the_way, file, sign_in};

/// A site of files, and one behind it that says how it was asked, of which a part asks for more.
fn nginx(place: &Place, port: u16) -> Neighbour {
    let behind = free_port().unwrap();
    let root = place.dir.path().join("nginx");
    for (path, name) in [("", "whole"), ("open", "open")] {
        let directory = root.join("html").join(path);
        fs::create_dir_all(&directory).unwrap();
        let page = format!("<!doctype html><title>Wiki</title><h1>the {name} wiki</h1>");
        fs::write(directory.join("index.html"), page).unwrap();
    }
    // Started by root its workers are somebody else, who has to get there.
    for directory in [place.dir.path(), &root] {
        fs::set_permissions(directory, Permissions::from_mode(0o755)).unwrap();
    }
    let public = place.issuer().replace("http://", "");
    let (place, deploy) = (root.display(), file("deploy"));
    let deploy = deploy.display();
    let temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {place}/{kind};"))
        .join(" ");
    let conf = format!(
        "daemon off; pid {place}/pid; error_log stderr notice; events {{}}
        http {{ access_log off; {temp} types {{ text/html html; }}
          upstream countersign {{ server {public}; keepalive 4; }}
          upstream behind {{ server 127.0.0.1:{behind}; }}
          server {{ listen 127.0.0.1:{behind}; merge_slashes off;
            location / {{ default_type text/html;
              return 200 \"<h1>$request_uri $http_x_countersign_assurance \
                $http_x_countersign_role$http_x_countersign_user</h1>\"; }} }}
          server {{ listen 127.0.0.1:{port}; root {place}/html; set $countersign_host {public};
            set $countersign_site localhost:{port};
            include {deploy}/nginx-forward-auth.conf;
            location / {{ auth_request /_countersign/two_factor;
                          include {deploy}/nginx-protected-location.conf; }}
            location /open/ {{ auth_request /_countersign/password;
                               include {deploy}/nginx-protected-location.conf; }}
            location /app/ {{ proxy_pass http://behind; auth_request /_countersign/password;
                              include {deploy}/nginx-protected-location.conf; }}
            location /app/two/ {{ proxy_pass http://behind; auth_request /_countersign/two_factor;
                                  include {deploy}/nginx-protected-location.conf; }}
            location /app/pub/ {{ proxy_pass http://behind; }} }} }}"
    );
    fs::write(root.join("nginx.conf"), conf).unwrap();
    let mut command = Command::new("/usr/sbin/nginx");
    command.arg("-c").arg(root.join("nginx.conf"));
    Neighbour::start(&mut command, "start worker process ").unwrap()
}

/// SR-132: a password opens what asks for no more; 2FA is enabled on the way to what does. What a
/// browser says of itself in our headers opens nothing, and signing out closes all of it.
#[tokio::test]
async fn sr_132_nginx_gives_a_static_site_password_and_2fa() {
    let place = Place::behind_a_proxy();
    let port = free_port().unwrap();
    let site = format!("http://localhost:{port}");
    let back = format!("{site}/.countersign/callback");
    place.add_app("Wiki", &back, &format!("{site}/"), &[]);
    place.register();
    let _nginx = nginx(&place, port);
    let claimed = Command::new("curl")
        .args(["-sS", "-o", "/dev/null", "-w", "%{http_code}", "-H", "X-Countersign-Account: x"])
        .args(["-H", "X-Countersign-Assurance: two_factor", &format!("{site}/open/")])
        .output();
    assert_eq!(claimed.unwrap().stdout, b"302");
    // Another host than the one that is written there is nobody's: the browser does not choose.
    let elsewhere = Command::new("curl")
        .args(["-sS", "-o", "/dev/null", "-w", "%{redirect_url}", "-H", "Host: other.example"])
        .arg(format!("{site}/.countersign/sign-in"))
        .output();
    let led = String::from_utf8(elsewhere.unwrap().stdout).unwrap();
    assert!(led.contains("%2F%2Flocalhost%3A"), "{led}");
    let browser = Browser::open(&site, Looks::DESK).await.unwrap();
    browser.go("/open/").await.unwrap();
    sign_in(&browser).await;
    browser.reads("h1", "the open wiki").await.unwrap();
    browser.go("/").await.unwrap();
    enable_on_the_way(&browser, "Wiki").await;
    browser.reads("h1", "the whole wiki").await.unwrap();

    browser.go("/.countersign/sign-out").await.unwrap();
    browser.click("#end-form [type=submit]").await.unwrap();
    browser.see("#done").await.unwrap();
    browser.go("/open/").await.unwrap();
    browser.reads("#for-app", "Sign in to go on to Wiki").await.unwrap();
    browser.close().await.unwrap();
}

/// What is answered to a path that is sent as it stands, with these headers: status and body.
fn asked(site: &str, path: &str, headers: &[&str]) -> (u16, String) {
    let mut command = Command::new("curl");
    command.args(["-sS", "--path-as-is", "-w", " %{http_code}", &format!("{site}{path}")]);
    for header in headers {
        command.args(["-H", header]);
    }
    let said = String::from_utf8(command.output().unwrap().stdout).unwrap();
    let (body, status) = said.rsplit_once(' ').unwrap();
    (status.parse().unwrap(), body.to_owned())
}

/// SR-132: what a location asks for is not gone around by an address that nginx reads differently
/// from what lies behind; and what lies behind hears nobody else under a name of ours.
#[tokio::test]
async fn sr_132_what_a_location_asks_for_is_not_gone_around() {
    let place = Place::behind_a_proxy();
    let port = free_port().unwrap();
    let site = format!("http://localhost:{port}");
    place.add_app("Wiki", &format!("{site}/.countersign/callback"), &format!("{site}/"), &[]);
    place.register();
    let _nginx = nginx(&place, port);
    let browser = Browser::open(&site, Looks::DESK).await.unwrap();
    browser.go("/app/").await.unwrap();
    sign_in(&browser).await;
    browser.reads("h1", "/app/ password").await.unwrap();
    // The pass; what the browser holds while it signs in has several parts.
    let held = browser.cookies().await.unwrap();
    let is_pass = |value: &&String| !value.is_empty() && !value.contains('.');
    let held: Vec<_> = held.iter().filter(is_pass).collect();
    let [pass] = held.as_slice() else { panic!("{} cookies", held.len()) };
    let pass = format!("Cookie: __Host-cs_fa={pass}");
    browser.close().await.unwrap();

    let claims = ["X-Countersign-Role: admin", "X-Countersign-User: root"];
    let claims = [claims[0], claims[1], "X-Countersign-Assurance: two_factor"];
    let (status, body) = asked(&site, "/app/", &[&pass, claims[0], claims[1], claims[2]]);
    assert_eq!((status, body.as_str()), (200, "<h1>/app/ password </h1>"));
    let (status, body) = asked(&site, "/app/pub/?at=/../", &claims);
    assert_eq!((status, body.as_str()), (200, "<h1>/app/pub/?at=/../  </h1>"));
    assert_eq!(asked(&site, "/app/.hidden..x/", &[&pass]).0, 200);
    assert_eq!(asked(&site, "/app/two/admin", &[&pass]).0, 302);
    for around in [
        "/app/two/admin/..%2f../",
        "/app/two/admin/..%2F../x",
        "/app/two/admin/%2e%2e/%2E%2e/x",
        "/app/two/admin/../../x",
        "/app/two/admin/..",
        "/app/two/admin/..%5c../",
        "/app/x/..;/two/admin",
        "/app/x/..%3b/two/admin",
        "/app/x\\..\\two/admin",
    ] {
        assert_eq!(asked(&site, around, &[&pass]).0, 400, "{around}");
    }
    for around in ["/app/two/admin/..%2f..%2fpub/", "/app/two/%2e%2e/pub/", "/app/two/../pub/"] {
        assert_eq!(asked(&site, around, &[]).0, 400, "{around}");
    }
}
