#include "sandbox/sandbox.h"

#include <unistd.h>
#include <unordered_set>

#include "base/log.h"
#include "base/version.h"
#include "http/certificates.h"
#include "http/server.h"
#include "sandbox/bigquery.h"
#include "sandbox/compute/compute.h"
#include "sandbox/compute/service_networking.h"
#include "sandbox/credentials.h"
#include "sandbox/data_folder.h"
#include "sandbox/dns/publisher.h"
#include "sandbox/dns/service.h"
#include "sandbox/frontend.h"
#include "sandbox/iam_credentials.h"
#include "sandbox/limits.h"
#include "sandbox/logging.h"
#include "sandbox/monitoring.h"
#include "sandbox/org_policy.h"
#include "sandbox/projects.h"
#include "sandbox/quota_consumer.h"
#include "sandbox/resource_manager.h"
#include "sandbox/run/cloud_run.h"
#include "sandbox/run/media_path.h"
#include "sandbox/secret_manager.h"
#include "sandbox/service_account_keys.h"
#include "sandbox/service_accounts.h"
#include "sandbox/service_usage.h"
#include "sandbox/sql/cloud_sql.h"
#include "sandbox/storage/buckets.h"
#include "sandbox/storage/managed_folders.h"
#include "sandbox/storage/object_acls.h"
#include "sandbox/storage/objects.h"
#include "sandbox/storage/uploads.h"
#include "sandbox/storage/xml_api.h"
#include "sandbox/telemetry/buckets.h"
#include "sandbox/telemetry/run_instances.h"
#include "sandbox/telemetry/sql_instances.h"
#include "sandbox/telemetry/telemetry.h"

namespace aipress::sandbox {
namespace {

namespace fs = std::filesystem;

// Every blob that an object has; what else is on disk, a crash has left.
Result<std::unordered_set<std::string>> blobs_in_use(Store const& store) {
    constexpr std::size_t kPage = 1000;
    std::unordered_set<std::string> used;
    TRY(store.read([&](Transaction& transaction) -> Result<void> {
        for (auto const collection : {kObjects, kOldObjects}) {
            std::string start;
            do {
                auto page = TRY(transaction.list(collection, "", start, kPage));
                for (auto const& document : page.documents) {
                    used.insert(text_field(document.body.as_object(), "blob"));
                }
                start = std::move(page.next);
            } while (!start.empty());
        }
        return {};
    }));
    return used;
}

// Null when it is not wanted, or cannot be had.
std::unique_ptr<SpannerEmulator> start_spanner(SandboxOptions const& options) {
    if (!options.with_spanner) return nullptr;
    SystemClock clock;
    auto started =
        SpannerEmulator::start(Context(clock, Deadline::never(), {}), options.data / "spanner.log");
    if (started.ok()) return started.release();
    log::warning("Cloud Spanner is not served: {}", started.error().message());
    return nullptr;
}

}  // namespace

// In the order in which they need each other; taken apart the other way round.
struct Sandbox::Impl {
    Impl(Clock& clock, SandboxOptions const& options, DataFolder folder, Store opened_store,
         Blobs opened_blobs, http::CertificateAuthority opened_authority,
         std::unique_ptr<RequestJournal> opened_journal)
        : clock_(clock),
          seed_(options.seed),
          folder_(std::move(folder)),
          store_(std::move(opened_store)),
          blobs_(std::move(opened_blobs)),
          authority_(std::move(opened_authority)),
          journal_(std::move(opened_journal)),
          credentials_(clock),
          operations_(clock, options.operations),
          object_changes_(store_, blobs_, clock),
          resumable_uploads_(store_, blobs_, object_changes_, clock, folder_.path() / "uploads"),
          sql_(store_, clock, options.operations, folder_.path() / "sql", authority_, blobs_,
               object_changes_),
          run_serving_(store_, run::serving_folder(folder_.path()), options.run_idle_time),
          run_changes_(store_, clock, operations_, [this] { return run_serving_.problem(); }),
          methods_(catalogue_),
          faults_(clock, options.seed),
          quotas_(clock),
          xml_api_({store_, blobs_, object_changes_, resumable_uploads_, credentials_, clock,
                    catalogue_, faults_,
                    [this, mode = options.quotas](Call const& call) { return admit(call, mode); }}),
          frontend_(
              clock, catalogue_, methods_, credentials_, *journal_, store_, faults_,
              [this, mode = options.quotas](Call const& call) { return admit(call, mode); },
              [this](http::Request const& request, http::BodyReader& body, bool is_method) {
                  return xml_api_.answer(request, body, is_method);
              }) {}

    // It listens on options.port, or on that socket unless it is -1.
    static Result<std::unique_ptr<Impl>> open(SandboxOptions const& options, Clock& clock,
                                              DataFolder folder, SpannerEmulator const* spanner,
                                              int listening_socket);
    Result<void> prepare(SandboxOptions const& options);
    Result<void> listen(http::ServerOptions const& options);
    // Where it is, to other processes; again whenever that changes.
    [[nodiscard]] RunningSandbox announcement() const;
    Result<void> announce() const { return folder_.announce(announcement()); }
    void stop();
    Outcome<Done> admit(Call const& call, QuotaMode mode);

    Clock& clock_;
    std::uint64_t const seed_;
    std::string const started_ = timestamp(clock_.wall_now());
    DataFolder folder_;
    Store store_;
    Blobs const blobs_;
    http::CertificateAuthority const authority_;
    std::unique_ptr<RequestJournal> const journal_;
    Credentials credentials_;
    Operations const operations_;
    ObjectChanges object_changes_;
    ResumableUploads resumable_uploads_;
    CloudSql sql_;
    std::unique_ptr<dns::Publisher> publisher_;
    run::Serving run_serving_;
    run::Changes const run_changes_;
    Catalogue const catalogue_;
    Methods methods_;
    Faults faults_;
    Quotas quotas_;
    XmlApi xml_api_;
    Frontend frontend_;
    std::unique_ptr<Telemetry> telemetry_;
    std::optional<http::Server> server_;
    SpannerEmulator const* spanner_ = nullptr;  // nullptr: it does not run
};

Result<void> Sandbox::Impl::prepare(SandboxOptions const& options) {
    if (!options.faults.empty()) {
        faults_.set_rules(TRY(read_fault_rules(options.faults, catalogue_)));
    }
    auto const used = TRY(blobs_in_use(store_));
    TRY(blobs_.sweep([&](std::string const& id) -> Result<bool> { return used.contains(id); }));
    auto made = write<Done>(store_, [&](Transaction& transaction) -> Outcome<Done> {
        TRY(make_first_resources(transaction, clock_.wall_now()));
        return make_first_service_account(transaction);
    });
    if (!made.ok()) {
        auto const error = made.release_error();
        return Error(error.code, error.message);
    }
    serve_resource_manager(methods_, store_, clock_, operations_);
    serve_service_usage(methods_, store_, operations_);
    serve_billing(methods_, store_);
    serve_secret_manager(methods_, store_, clock_);
    sql_.serve(methods_);
    faults_.set_harm([this](FaultKind kind, std::string const& project, std::string const& name) {
        return kind == FaultKind::InstanceCrash ? sql_.crash(project, name)
                                                : sql_.fill_disk(project, name);
    });
    publisher_ = dns::Publisher::start(store_, {.folder = folder_.path() / "dns",
                                                .timing = options.operations,
                                                .with_server = options.with_name_server});
    serve_dns(methods_, store_, clock_, *publisher_);
    serve_service_accounts(methods_, store_, clock_);
    serve_service_account_keys(methods_, store_, clock_);
    serve_iam_credentials(methods_, store_, clock_, credentials_);
    serve_org_policy(methods_, store_, clock_);
    serve_logging(methods_, store_, clock_);
    serve_monitoring(methods_, store_, clock_);
    serve_bigquery(methods_, store_, clock_);
    serve_compute(methods_, store_, clock_, operations_);
    serve_service_networking(methods_, store_, clock_, operations_);
    run::serve_cloud_run(methods_, run_changes_, [this] { run_serving_.refresh(); });
    serve_buckets(methods_, store_, clock_);
    serve_managed_folders(methods_, store_, clock_);
    serve_objects(methods_, store_, blobs_, object_changes_);
    serve_object_acls(methods_, store_, blobs_, object_changes_);
    TRY(resumable_uploads_.prepare());
    serve_uploads(methods_, blobs_, object_changes_, resumable_uploads_);
    return sql_.begin();
}

Result<void> Sandbox::Impl::listen(http::ServerOptions const& options) {
    server_ = TRY(http::Server::start(options, &authority_,
                                      [this](http::Request const& request, http::BodyReader& body) {
                                          auto const media = run::media_request(request);
                                          return frontend_.handle(media ? *media : request, body);
                                      }));
    run_serving_.start(server_->port(), [this] {
        auto const announced = announce();
        if (!announced.ok()) log::error("{}", announced.error().message());
    });
    Samplers samplers;
    samplers.push_back(std::make_unique<RunInstances>(run_serving_));
    samplers.push_back(std::make_unique<SqlInstances>(store_, sql_.machines()));
    samplers.push_back(std::make_unique<BucketContents>(store_));
    telemetry_ = std::make_unique<Telemetry>(store_, clock_, run_serving_, std::move(samplers));
    TRY(telemetry_->start());
    return announce();
}

RunningSandbox Sandbox::Impl::announcement() const {
    return {.pid = ::getpid(),
            .port = server_->port(),
            .dns_port = publisher_->port(),
            .web_port = run_serving_.port(),
            .spanner_port = spanner_ == nullptr ? std::uint16_t{0} : spanner_->grpc_port(),
            .spanner_rest_port = spanner_ == nullptr ? std::uint16_t{0} : spanner_->rest_port(),
            .seed = seed_,
            .started = started_,
            .version = std::string(version())};
}

Outcome<Done> Sandbox::Impl::admit(Call const& call, QuotaMode mode) {
    return read<Done>(store_, [&](Transaction& transaction) -> Outcome<Done> {
        TRY(check_service_enabled(transaction, call));
        if (mode == QuotaMode::Off) return Done();
        return quotas_.charge(call, TRY(quota_consumer_of(transaction, call)));
    });
}

Result<std::unique_ptr<Sandbox::Impl>> Sandbox::Impl::open(SandboxOptions const& options,
                                                           Clock& clock, DataFolder folder,
                                                           SpannerEmulator const* spanner,
                                                           int listening_socket) {
    auto store = TRY(Store::open(options.data / "resources.sqlite"));
    auto blobs = TRY(Blobs::open(options.data / "blobs"));
    auto authority = TRY(http::CertificateAuthority::open(options.data));
    auto journal = TRY(RequestJournal::open(journal_file(options.data)));
    auto impl = std::make_unique<Impl>(clock, options, std::move(folder), std::move(store),
                                       std::move(blobs), std::move(authority), std::move(journal));
    impl->spanner_ = spanner;
    TRY(impl->prepare(options));
    TRY(impl->listen({.port = options.port, .listening_socket = listening_socket}));
    return impl;
}

Result<Sandbox> Sandbox::start(SandboxOptions const& options, Clock& clock) {
    auto folder = TRY(DataFolder::lock(options.data));
    auto spanner = start_spanner(options);
    auto impl = TRY(Impl::open(options, clock, std::move(folder), spanner.get(), -1));
    return Sandbox(options, clock, std::move(spanner), std::move(impl));
}

Sandbox::Sandbox(SandboxOptions options, Clock& clock, std::unique_ptr<SpannerEmulator> spanner,
                 std::unique_ptr<Impl> impl)
    : options_(std::move(options)),
      clock_(&clock),
      spanner_(std::move(spanner)),
      impl_(std::move(impl)) {}
Sandbox::Sandbox(Sandbox&&) noexcept = default;
Sandbox& Sandbox::operator=(Sandbox&&) noexcept = default;

Sandbox::~Sandbox() {
    if (impl_) stop();
}

std::uint16_t Sandbox::port() const {
    return impl_->server_->port();
}

std::uint16_t Sandbox::dns_port() const {
    return impl_->publisher_->port();
}

std::uint16_t Sandbox::web_port() const {
    return impl_->run_serving_.port();
}

RunningSandbox Sandbox::announcement() const {
    return impl_->announcement();
}

run::ServedRequests Sandbox::take_requests(run::RequestPosition const& since) const {
    return run::read_requests_since(impl_->run_serving_.folder(), since);
}

void Sandbox::Impl::stop() {
    faults_.stop();
    server_->stop(limits::kStopTime);
    telemetry_->stop();
    sql_.stop();
    run_serving_.stop();
}

void Sandbox::stop() {
    impl_->stop();
}

Result<void> Sandbox::pause_for(std::function<Result<void>()> const& work,
                                std::stop_token const& stop) {
    auto const socket = TRY(impl_->server_->listening_socket());
    impl_->stop();
    auto folder = std::move(impl_->folder_);
    impl_.reset();
    auto worked = work();
    if (stop.stop_requested()) return Error(ErrorCode::Cancelled, "stopped on request");
    auto again = Impl::open(options_, *clock_, std::move(folder), spanner_.get(), socket.get());
    if (!again.ok()) return std::move(again.release_error()).in_context("going on after a pause");
    impl_ = again.release();
    return worked;
}

void Sandbox::measure() {
    impl_->telemetry_->measure();
}

fs::path journal_file(fs::path const& data) {
    return data / "requests.jsonl";
}

}  // namespace aipress::sandbox
