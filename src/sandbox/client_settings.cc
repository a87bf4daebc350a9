#include "sandbox/client_settings.h"

#include <array>
#include <fmt/format.h>
#include <fstream>

#include "sandbox/projects.h"

namespace aipress::sandbox {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kToken = "ya29.sandbox";  // any is taken

// Their base path is "/", or is added by gcloud itself.
constexpr std::array<std::string_view, 13> kPlainApis{"CLOUDRESOURCEMANAGER",
                                                      "CLOUDBILLING",
                                                      "SERVICEUSAGE",
                                                      "SERVICEMANAGEMENT",
                                                      "ORGPOLICY",
                                                      "SQL",
                                                      "SECRETMANAGER",
                                                      "MONITORING",
                                                      "LOGGING",
                                                      "IAM",
                                                      "IAMCREDENTIALS",
                                                      "CLOUDBUILD",
                                                      "CLOUDQUOTAS"};
// gcloud writes links to resources from what is set here.
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kApisWithPath{{
    {"COMPUTE", "compute/v1/"},
    {"DNS", "dns/v1/"},
    {"STORAGE", "storage/v1/"},
    {"BIGQUERY", "bigquery/v2/"},
}};

Result<fs::path> write_file(fs::path const& path, std::string_view text) {
    std::ofstream file(path, std::ios::trunc);
    file << text;
    file.close();
    if (file) return path;
    return Error(ErrorCode::Unavailable, fmt::format("cannot write '{}'", path.string()));
}

struct Target {
    fs::path folder;  // for the client's files
    fs::path certificate;
    std::uint16_t port = 0;

    [[nodiscard]] std::string url() const { return fmt::format("http://127.0.0.1:{}", port); }
};

// Python's requests prefers these to what gcloud tells it.
void add_certificate(Settings& settings, Target const& target) {
    for (auto const* const name : {"REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"}) {
        settings.emplace_back(name, target.certificate.string());
    }
}

void add_proxy(Settings& settings, Target const& target) {
    for (auto const* const name : {"http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"}) {
        settings.emplace_back(name, target.url());
    }
    add_certificate(settings, target);
    for (auto const* const name : {"no_proxy", "NO_PROXY"}) {
        settings.emplace_back(name, "127.0.0.1,localhost");
    }
}

void add_overrides(Settings& settings, Target const& target) {
    auto const name = [](std::string_view api) {
        return fmt::format("CLOUDSDK_API_ENDPOINT_OVERRIDES_{}", api);
    };
    for (auto const api : kPlainApis) settings.emplace_back(name(api), target.url() + "/");
    for (auto const& [api, path] : kApisWithPath) {
        settings.emplace_back(name(api), fmt::format("{}/{}", target.url(), path));
    }
    // gcloud puts a region in front of this host; so it must be a name, and is found by the proxy.
    settings.emplace_back(name("RUN"), "http://run.googleapis.com/");
    settings.emplace_back("http_proxy", target.url());
    // For what gcloud lets nobody override, Service Networking for one.
    settings.emplace_back("https_proxy", target.url());
    add_certificate(settings, target);
    settings.emplace_back("no_proxy", "127.0.0.1,localhost");
}

Result<void> add_boto(Settings& settings, Target const& target, ClientMode mode) {
    auto text = fmt::format(
        "[GSUtil]\nprefer_api = json\ndefault_project_id = {}\nsoftware_update_check_period = 0\n"
        "state_dir = {}\n[Boto]\nnum_retries = 3\nca_certificates_file = {}\n",
        kFirstProject, (target.folder / "gsutil").string(), target.certificate.string());
    if (mode == ClientMode::Overrides) {
        text += fmt::format("[Credentials]\ngs_json_host = 127.0.0.1\ngs_json_port = {}\n",
                            target.port);
    } else {
        text += fmt::format("proxy = 127.0.0.1\nproxy_port = {}\n", target.port);
    }
    settings.emplace_back("BOTO_CONFIG", TRY(write_file(target.folder / "boto", text)).string());
    return {};
}

void add_project(Settings& settings, Target const& target) {
    settings.emplace_back("GOOGLE_CLOUD_PROJECT", kFirstProject);
    settings.emplace_back("GCE_METADATA_HOST", fmt::format("127.0.0.1:{}", target.port));
}

// Both gcloud and the gsutil that comes with it read these.
Result<void> add_cloud_sdk(Settings& settings, Target const& target) {
    settings.emplace_back("CLOUDSDK_CONFIG", (target.folder / "gcloud").string());
    settings.emplace_back("CLOUDSDK_CORE_PROJECT", kFirstProject);
    settings.emplace_back("CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE", target.certificate.string());
    auto const token = TRY(write_file(target.folder / "token", kToken));
    settings.emplace_back("CLOUDSDK_AUTH_ACCESS_TOKEN_FILE", token.string());
    for (auto const* const name :
         {"CORE_DISABLE_PROMPTS", "CORE_DISABLE_USAGE_REPORTING", "SURVEY_DISABLE_PROMPTS",
          "COMPONENT_MANAGER_DISABLE_UPDATE_CHECK"}) {
        settings.emplace_back(fmt::format("CLOUDSDK_{}", name), "1");
    }
    settings.emplace_back("CLOUDSDK_CORE_CHECK_GCE_METADATA", "false");
    settings.emplace_back("CLOUDSDK_CORE_SHOULD_PROMPT_TO_ENABLE_API", "false");
    return {};
}

std::string address_of(std::uint16_t port) {
    return port == 0 ? "" : fmt::format("127.0.0.1:{}", port);
}

Settings aipress_settings(Target const& target, RunningSandbox const& running) {
    return {{"AIPRESS_GCP_ENDPOINT", target.url()},
            {"AIPRESS_GCP_TOKEN", std::string(kToken)},
            {"AIPRESS_GCP_PROJECT", std::string(kFirstProject)},
            {"AIPRESS_SITES_ADDRESS", address_of(running.web_port)},
            {"AIPRESS_DNS_ADDRESS", address_of(running.dns_port)}};
}

void add_spanner(Settings& settings, Client client, ClientMode mode,
                 RunningSandbox const& running) {
    if (running.spanner_port == 0 || client == Client::Gsutil) return;
    settings.emplace_back("SPANNER_EMULATOR_HOST", address_of(running.spanner_port));
    auto const rest = "http://" + address_of(running.spanner_rest_port);
    if (client == Client::Aipress) settings.emplace_back("AIPRESS_GCP_ENDPOINT_SPANNER", rest);
    // gcloud speaks REST too.
    if (client == Client::Gcloud && mode == ClientMode::Overrides) {
        settings.emplace_back("CLOUDSDK_API_ENDPOINT_OVERRIDES_SPANNER", rest + "/");
    }
}

}  // namespace

Result<Settings> client_settings(Client client, ClientMode mode, fs::path const& data,
                                 RunningSandbox const& running) {
    Target const target{
        .folder = data / "clients", .certificate = data / "ca.pem", .port = running.port};
    if (client == Client::Aipress) {
        if (mode == ClientMode::Proxy) {
            return Error(ErrorCode::InvalidArgument,
                         "aipress is told addresses; it calls Google's through no proxy");
        }
        auto settings = aipress_settings(target, running);
        add_spanner(settings, client, mode, running);
        return settings;
    }
    std::error_code failure;
    fs::create_directories(target.folder / "gsutil", failure);
    Settings settings;
    add_project(settings, target);
    if (client == Client::Node) {
        settings.emplace_back("NODE_EXTRA_CA_CERTS", target.certificate.string());
        if (mode == ClientMode::Overrides) {
            settings.emplace_back("STORAGE_EMULATOR_HOST", target.url());
        }
    } else {
        TRY(add_cloud_sdk(settings, target));
    }
    if (client == Client::Gsutil) TRY(add_boto(settings, target, mode));
    if (client == Client::Gcloud && mode == ClientMode::Overrides) add_overrides(settings, target);
    if (mode == ClientMode::Proxy) add_proxy(settings, target);
    add_spanner(settings, client, mode, running);
    return settings;
}

}  // namespace aipress::sandbox
