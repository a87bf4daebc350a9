// sql.instances.import and .export: real SQL files in the object store.
#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>

#include "base/subprocess.h"
#include "sandbox/sql/cloud_sql.h"

namespace aipress::sandbox {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

struct ObjectName {
    std::string bucket;
    std::string name;
    [[nodiscard]] bool is_compressed() const { return name.ends_with(".gz"); }
};

Outcome<ObjectName> parse_uri(std::string const& uri) {
    constexpr std::string_view kScheme = "gs://";
    auto const slash = uri.find('/', kScheme.size());
    if (uri.starts_with(kScheme) && slash != uri.npos && slash + 1 < uri.size()) {
        return ObjectName{uri.substr(kScheme.size(), slash - kScheme.size()),
                          uri.substr(slash + 1)};
    }
    return sql_error(ErrorCode::InvalidArgument,
                     fmt::format("Invalid value for uri: '{}' is not gs://BUCKET/OBJECT", uri),
                     "invalid");
}

// A file of its own that goes when the work is over.
class Scratch {
public:
    explicit Scratch(fs::path const& folder) : path_(folder / "transfer") {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
        fs::create_directories(path_, ignored);
    }
    Scratch(Scratch const&) = delete;
    Scratch& operator=(Scratch const&) = delete;
    ~Scratch() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    [[nodiscard]] fs::path file(std::string_view name) const { return path_ / name; }

private:
    fs::path path_;
};

class Transfers {
public:
    explicit Transfers(SqlParts& parts) : parts_(parts) {}

    Outcome<Reply> start(Call& call, std::string type, std::string const& context);
    SqlJobEnd work(SqlJob const& job, std::string_view context);

private:
    Outcome<Done> export_to(SqlInstance const& instance, json::object const& context);
    Outcome<Done> import_from(SqlInstance const& instance, json::object const& context);
    Outcome<Done> fetch(ObjectName const& object, fs::path const& file);
    Result<void> filter(std::vector<std::string> command, fs::path const& from, fs::path const& to);

    SqlParts& parts_;
};

Outcome<Reply> Transfers::start(Call& call, std::string type, std::string const& context) {
    auto const* const given = call.fields().if_contains(context);
    auto const fields = given == nullptr ? json::object() : given->as_object();
    TRY(parse_uri(text_field(fields, "uri")));
    auto const file_type = text_field(fields, "fileType");
    if (!file_type.empty() && file_type != "SQL") {
        return sql_error(
            ErrorCode::InvalidArgument,
            fmt::format("fileType {} is not served by this sandbox: use SQL", file_type),
            "invalid");
    }
    auto request = sql_request(call, std::move(type));
    request.arguments = fields;
    request.shown[context] = fields;
    request.takes = milliseconds(60'000);
    return parts_.operations.start(
        call, std::move(request), [&](Transaction& transaction) -> Outcome<Done> {
            TRY(find_running_instance(transaction, call.path_parameter("project"),
                                      call.path_parameter("instance")));
            return Done();
        });
}

Result<void> Transfers::filter(std::vector<std::string> command, fs::path const& from,
                               fs::path const& to) {
    ProcessOptions const options{.arguments = std::move(command),
                                 .environment = {{"LC_ALL", "C"}},
                                 .input_file = from,
                                 .output_file = to};
    auto const result = TRY(run_process(parts_.machines.context(), options));
    if (result.status.success()) return {};
    return Error(ErrorCode::FailedPrecondition,
                 fmt::format("{}: {}", options.arguments.front(), result.standard_error));
}

Outcome<Done> Transfers::export_to(SqlInstance const& instance, json::object const& context) {
    auto const object = TRY(parse_uri(text_field(context, "uri")));
    std::vector<std::string> databases;
    if (auto const* const names = context.if_contains("databases")) {
        for (auto const& name : names->as_array()) databases.emplace_back(name.as_string());
    }
    auto const folder = parts_.machines.folder(instance.id());
    Scratch const scratch(folder);
    TRY(dump_sql(parts_.machines.context(), folder, databases, scratch.file("dump.sql")));
    auto ready = scratch.file("dump.sql");
    if (object.is_compressed()) {
        ready = scratch.file("dump.sql.gz");
        TRY(filter({"gzip", "-c"}, scratch.file("dump.sql"), ready));
    }
    auto writer = TRY(parts_.blobs.create());
    FileDescriptor const file(::open(ready.c_str(), O_RDONLY | O_CLOEXEC));
    TRY(read_file(file, [&](std::string_view piece) { return writer.add(piece); }));
    ObjectChanges::NewObject wanted{.bucket = object.bucket, .name = object.name, .blob = {}};
    wanted.fields["contentType"] = object.is_compressed() ? "application/gzip" : "application/sql";
    wanted.blob = TRY(writer.finish());
    http::Parameters const absent{{"ifGenerationMatch", "0"}};
    auto put = parts_.objects.put(wanted, TRY(Preconditions::parse(absent)));
    if (put.ok()) return Done();
    auto error = put.release_error();
    if (error.http_status == 412) {
        error.message =
            fmt::format("The file gs://{}/{} already exists.", object.bucket, object.name);
    }
    error.legacy_reason = "ERROR_RDBMS";
    return error;
}

Outcome<Done> Transfers::fetch(ObjectName const& object, fs::path const& file) {
    auto const stored = TRY(
        read<StoredObject>(parts_.store, [&](Transaction& transaction) -> Outcome<StoredObject> {
            TRY(find_bucket(transaction, object.bucket));
            auto found = TRY(find_object(transaction, object.bucket, object.name, ""));
            if (!found) return no_such_object(object.bucket, object.name);
            return std::move(*found);
        }));
    auto const bytes = TRY(parts_.blobs.read(stored.blob().id));
    std::ofstream out(file, std::ios::binary);
    TRY(read_file(bytes, [&](std::string_view piece) -> Result<void> {
        out.write(piece.data(), static_cast<std::streamsize>(piece.size()));
        if (out) return {};
        return Error(ErrorCode::ResourceExhausted, "the disk is full");
    }));
    out.close();
    return Done();
}

Outcome<Done> Transfers::import_from(SqlInstance const& instance, json::object const& context) {
    auto const object = TRY(parse_uri(text_field(context, "uri")));
    auto const folder = parts_.machines.folder(instance.id());
    Scratch const scratch(folder);
    auto ready = scratch.file("dump");
    TRY(fetch(object, ready));
    if (object.is_compressed()) {
        TRY(filter({"gzip", "-dc"}, ready, scratch.file("dump.sql")));
        ready = scratch.file("dump.sql");
    }
    // MySQL 8's own collations have another name in MariaDB. Rows are left as they are.
    TRY(filter(
        {"sed", "-E", "/^(INSERT|REPLACE|\\()/!s/utf8mb4_0900_[a-z_]+/utf8mb4_uca1400_ai_ci/g"},
        ready, scratch.file("ready.sql")));
    TRY(load_sql(parts_.machines.context(), folder, text_field(context, "database"),
                 scratch.file("ready.sql")));
    return Done();
}

SqlJobEnd Transfers::work(SqlJob const& job, std::string_view context) {
    if (job.is_resumed) {
        return failed(ApiError{.code = ErrorCode::Internal,
                               .message = "The operation was interrupted by a restart; how far it "
                                          "came is not known.",
                               .legacy_reason = "INTERNAL_ERROR"});
    }
    auto instance = read<SqlInstance>(parts_.store, [&](Transaction& transaction) {
        return find_running_instance(transaction, job.project, job.instance);
    });
    if (!instance.ok()) return failed(instance.release_error());
    auto const found = instance.release();
    auto done = context == "exportContext" ? export_to(found, job.arguments)
                                           : import_from(found, job.arguments);
    return done.ok() ? SqlJobEnd() : failed(done.release_error());
}

}  // namespace

void serve_sql_transfers(Methods& methods, SqlParts& parts) {
    auto const transfers = std::make_shared<Transfers>(parts);
    auto const serve = [&](char const* verb, char const* type, char const* context) {
        methods.serve(fmt::format("sql.instances.{}", verb), "",
                      [=](Call& call) { return transfers->start(call, type, context); });
        parts.operations.set_work(type,
                                  [=](SqlJob const& job) { return transfers->work(job, context); });
    };
    serve("export", "EXPORT", "exportContext");
    serve("import", "IMPORT", "importContext");
}

}  // namespace aipress::sandbox
