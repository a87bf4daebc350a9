#include "sandbox/run/server_configuration.h"

#include <fmt/format.h>
#include <unistd.h>

#include "sandbox/run/media_path.h"
#include "sandbox/run/request_log.h"
#include "sandbox/run/wordpress_files.h"

namespace aipress::sandbox::run {
namespace {

constexpr int kGraceSeconds = 10;

// Not Debian's fastcgi_params: it sets HTTP_HOST without the port, and WordPress then redirects
// every page to itself.
constexpr std::string_view kFastCgi =
    "fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;\n"
    "fastcgi_param DOCUMENT_ROOT $document_root;\n"
    "fastcgi_param SCRIPT_NAME $fastcgi_script_name;\n"
    "fastcgi_param DOCUMENT_URI $document_uri;\n"
    "fastcgi_param REQUEST_URI $request_uri;\n"
    "fastcgi_param REQUEST_METHOD $request_method;\n"
    "fastcgi_param QUERY_STRING $query_string;\n"
    "fastcgi_param CONTENT_TYPE $content_type;\n"
    "fastcgi_param CONTENT_LENGTH $content_length;\n"
    "fastcgi_param SERVER_PROTOCOL $server_protocol;\n"
    "fastcgi_param SERVER_SOFTWARE nginx;\n"
    "fastcgi_param SERVER_ADDR $server_addr;\n"
    "fastcgi_param SERVER_PORT $server_port;\n"
    "fastcgi_param SERVER_NAME $host;\n"
    "fastcgi_param REMOTE_ADDR $remote_addr;\n"
    "fastcgi_param GATEWAY_INTERFACE CGI/1.1;\n"
    "fastcgi_read_timeout 3600s;\n";

constexpr std::string_view kLogFormat =
    "log_format requests escape=json '{\"id\":\"$request_id\",\"time\":$msec,"
    "\"service\":\"$run_service\",\"revision\":\"$run_revision\",\"host\":\"$host\","
    "\"method\":\"$request_method\",\"path\":\"$request_uri\",\"protocol\":\"$server_protocol\","
    "\"status\":$status,\"latency\":$request_time,\"received\":$request_length,"
    "\"bytes\":$body_bytes_sent,\"remote\":\"$remote_addr\",\"agent\":\"$http_user_agent\","
    "\"trace\":\"$http_x_cloud_trace_context\"}';\n";

constexpr std::string_view kTypes =
    "default_type application/octet-stream;\n"
    "types { text/html html htm; text/css css; application/javascript js mjs; text/plain txt; "
    "application/json json map; text/xml xml xsl; image/png png; image/jpeg jpg jpeg; image/gif "
    "gif; image/webp webp; image/svg+xml svg; image/x-icon ico; font/woff woff; font/woff2 woff2; "
    "font/ttf ttf; application/pdf pdf; application/zip zip; video/mp4 mp4; audio/mpeg mp3; }\n";

std::string global_text(ServerPaths const& paths) {
    auto const base = paths.folder.string();
    auto text = fmt::format(
        "daemon off;\nworker_processes 1;\n{}pid {}/nginx.pid;\nerror_log {}/nginx.log warn;\n"
        "worker_rlimit_nofile 8192;\nevents {{ worker_connections 2048; }}\nhttp {{\n",
        geteuid() == 0 ? "user root;\n" : "", base, base);
    text += kLogFormat;
    text += fmt::format("access_log {} requests;\n", request_log(paths.folder).string());
    for (auto const* const kind : {"client_body", "fastcgi", "proxy", "uwsgi", "scgi"}) {
        text += fmt::format("{}_temp_path {}/temp-{};\n", kind, base, kind);
    }
    text += kTypes;
    // Cloud Run's own bound of a request over HTTP/1.
    text +=
        "client_max_body_size 32m;\nserver_tokens off;\nserver_names_hash_max_size 65536;\n"
        "server_names_hash_bucket_size 256;\nmap_hash_max_size 65536;\nmap_hash_bucket_size 256;\n"
        "variables_hash_max_size 16384;\n";
    return text;
}

std::string maps_text(SitePlan const& plan) {
    std::string revisions = "map $run_pool $run_revision {\ndefault \"\";\n";
    std::string media = "map $run_pool $run_media {\ndefault \"\";\n";
    for (auto const& pool : plan.pools) {
        revisions += fmt::format("{} {};\n", pool.id, pool.revision);
        if (!pool.uploads.bucket.empty()) {
            media += fmt::format("{} {};\n", pool.id, media_path(pool.uploads));
        }
    }
    return revisions + "}\n" + media + "}\n";
}

// The variable that says which pool a request goes to, by its share.
std::string split_text(std::size_t number, Site const& site) {
    auto text = fmt::format("split_clients $request_id $run_split{} {{\n", number);
    for (std::size_t i = 0; i + 1 < site.shares.size(); ++i) {
        text += fmt::format("{}% {};\n", site.shares[i].percent, site.shares[i].pool);
    }
    return text + fmt::format("* {};\n}}\n", site.shares.back().pool);
}

// An unmapped host, and a path that tells which configuration runs.
std::string default_server_text(ServerPaths const& paths, std::string const& mark) {
    return fmt::format(
        "server {{\nlisten 127.0.0.1:{} default_server;\nset $run_pool \"\";\nset $run_service "
        "\"\";\nlocation = {} {{ access_log off; return 200 \"{}\"; }}\nlocation / {{ access_log "
        "off; default_type text/plain; return 404 \"No Cloud Run service of this sandbox has the "
        "host '$host'.\\n\"; }}\n}}\n",
        paths.web_port, kConfigurationPath, mark);
}

std::string site_text(ServerPaths const& paths, Site const& site, std::string const& pool) {
    std::string text = fmt::format("server {{\nlisten 127.0.0.1:{};\nserver_name", paths.web_port);
    for (auto const& host : site.hosts) text += " " + host;
    text += fmt::format(";\nset $run_service \"{}\";\n", site.service);
    if (site.shares.empty()) {
        return text +
               "set $run_pool \"\";\nlocation / { default_type text/plain; return 503 \"Service "
               "Unavailable\\n\"; }\n}\n";
    }
    auto const base = paths.folder.string();
    text += fmt::format("set $run_pool {};\nroot {}/revisions/$run_pool/root;\n", pool, base);
    text += "index index.php;\nlocation / { try_files $uri $uri/ /index.php?$args; }\n";
    text +=
        "location ^~ /wp-content/uploads/ {\nerror_page 418 = @bucket;\nif ($run_media != \"\") { "
        "return 418; }\nlocation ~ \\.php$ { return 404; }\ntry_files $uri =404;\n}\n";
    text += fmt::format(
        "location @bucket {{\nrewrite ^/wp-content/uploads/(.*)$ $run_media$1 break;\n"
        "proxy_pass http://127.0.0.1:{};\nproxy_set_header Host 127.0.0.1;\nproxy_set_header "
        "Authorization \"Bearer sandbox-run\";\n}}\n",
        paths.storage_port);
    text += fmt::format(
        "location ~ \\.php$ {{\ntry_files $uri =404;\nfastcgi_pass unix:{}/s/$run_pool;\n"
        "fastcgi_param SANDBOX_FOLDER {}/revisions/$run_pool;\n"
        "fastcgi_param SANDBOX_STORAGE http://127.0.0.1:{};\n{}}}\n}}\n",
        base, base, paths.storage_port, kFastCgi);
    return text;
}

// None runs until somebody asks, or as many as the revision's least number of instances.
std::string process_text(ServerPaths const& paths, Pool const& pool) {
    if (pool.least_workers == 0) {
        return fmt::format("pm=ondemand\npm.max_children={}\npm.process_idle_timeout={}s\n",
                           pool.workers, std::max<std::int64_t>(1, paths.idle_time.count() / 1000));
    }
    return fmt::format(
        "pm=dynamic\npm.max_children={0}\npm.start_servers={1}\npm.min_spare_servers={1}\n"
        "pm.max_spare_servers={0}\n",
        pool.workers, pool.least_workers);
}

}  // namespace

std::string php_configuration(ServerPaths const& paths, Pool const& pool,
                              std::filesystem::path const& log) {
    auto text = fmt::format(
        "[global]\nerror_log={}\nlog_level=notice\ndaemonize=no\nprocess_control_timeout={}s\n",
        log.string(), kGraceSeconds);
    text += fmt::format("[{}]\nlisten={}\nlisten.backlog=511\n{}", pool.id,
                        paths.socket(pool.id).string(), process_text(paths, pool));
    text += fmt::format(
        "request_terminate_timeout={}\ncatch_workers_output=yes\n"
        "php_admin_value[auto_prepend_file]={}\nphp_admin_value[error_log]={}\n"
        "php_admin_flag[log_errors]=on\nphp_admin_value[upload_max_filesize]=32M\n"
        "php_admin_value[post_max_size]=32M\n",
        pool.timeout_seconds, (paths.folder / "prepend.php").string(),
        error_log(paths.folder, pool.id).string());
    if (geteuid() == 0) text += "user=root\ngroup=root\n";
    return text;
}

std::string nginx_configuration(ServerPaths const& paths, SitePlan const& plan,
                                std::string const& mark) {
    auto text = global_text(paths) + maps_text(plan) + default_server_text(paths, mark);
    for (std::size_t i = 0; i < plan.sites.size(); ++i) {
        auto const& site = plan.sites[i];
        std::string pool;
        if (site.shares.size() == 1) pool = site.shares[0].pool;
        if (site.shares.size() > 1) {
            text += split_text(i, site);
            pool = fmt::format("$run_split{}", i);
        }
        text += site_text(paths, site, pool);
    }
    return text + "}\n";
}

}  // namespace aipress::sandbox::run
