#include "sandbox/bigquery.h"

#include <array>
#include <fmt/format.h>
#include <memory>
#include <regex>

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

constexpr std::string_view kDatasets = "bigquery_datasets";  // by PROJECT_ID/DATASET
constexpr std::size_t kPage = 50;
constexpr std::size_t kPageMost = 1000;

json::value view(Document const& document) {
    auto body = document.body.as_object();
    body["etag"] = etag_of(document.version);
    return body;
}

std::string label_of(std::string_view key) {
    auto const slash = key.find('/');
    return fmt::format("{}:{}", key.substr(0, slash), key.substr(slash + 1));
}

json::array default_access(std::string const& principal) {
    return {json::object{{"role", "WRITER"}, {"specialGroup", "projectWriters"}},
            json::object{{"role", "OWNER"}, {"specialGroup", "projectOwners"}},
            json::object{{"role", "OWNER"}, {"userByEmail", principal}},
            json::object{{"role", "READER"}, {"specialGroup", "projectReaders"}}};
}

class Datasets {
public:
    Datasets(Store& store, Clock& clock) : store_(store), clock_(clock) {}

    Outcome<Reply> insert(Call& call);
    Outcome<Reply> get(Call& call);
    Outcome<Reply> list(Call& call);
    Outcome<Reply> change(Call& call, BigqueryChange how);
    Outcome<Reply> remove(Call& call);

private:
    Store& store_;
    Clock& clock_;
};

Outcome<Reply> Datasets::insert(Call& call) {
    static std::regex const pattern("[a-zA-Z0-9_]{1,1024}");
    auto const* const reference = call.fields().if_contains("datasetReference");
    auto const id = reference == nullptr ? "" : text_field(reference->as_object(), "datasetId");
    if (!std::regex_match(id, pattern)) {
        return bigquery_invalid(
            fmt::format("Invalid dataset ID \"{}\". Dataset IDs must be "
                        "alphanumeric (plus underscores) and must be at most "
                        "1024 characters long.",
                        id));
    }
    return write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const project =
            TRY(find_active_project(transaction, call.path_parameter("projectId")));
        Document dataset{.name = fmt::format("{}/{}", project.id, id)};
        if (TRY(transaction.get(kDatasets, dataset.name))) {
            return bigquery_duplicate("Dataset " + label_of(dataset.name));
        }
        auto const now = milliseconds_text(clock_.wall_now());
        json::object body{
            {"kind", "bigquery#dataset"},
            {"id", label_of(dataset.name)},
            {"selfLink", fmt::format("https://bigquery.googleapis.com/bigquery/v2/projects/{}/"
                                     "datasets/{}",
                                     project.id, id)},
            {"datasetReference", json::object{{"datasetId", id}, {"projectId", project.id}}},
            {"location", "US"},
            {"type", "DEFAULT"},
            {"access", default_access(call.principal)},
            {"creationTime", now},
            {"lastModifiedTime", now}};
        auto const& fields = call.fields();
        if (auto const location = text_field(fields, "location"); !location.empty()) {
            body["location"] = location;
        }
        change_resource(body, fields, BigqueryChange::Patch);
        dataset.body = std::move(body);
        dataset.version = TRY(transaction.insert(kDatasets, dataset.name, dataset.body));
        return reply(view(dataset));
    });
}

Outcome<Reply> Datasets::get(Call& call) {
    return read<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        return reply(view(TRY(find_dataset(transaction, call))));
    });
}

Outcome<Reply> Datasets::list(Call& call) {
    if (!call.query("filter").empty()) {
        return bigquery_invalid("Datasets are not filtered here: leave the filter away.");
    }
    auto const most = TRY(call.page_size("maxResults", kPage, kPageMost));
    auto const start = TRY(page_start(call.query("pageToken")));
    return read<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const project =
            TRY(find_active_project(transaction, call.path_parameter("projectId")));
        auto const page = TRY(transaction.list(kDatasets, project.id + "/", start, most));
        json::array datasets;
        for (auto const& document : page.documents) {
            auto const& body = document.body.as_object();
            json::object shown;
            for (auto const* const name :
                 {"kind", "id", "datasetReference", "labels", "friendlyName", "location"}) {
                if (auto const* const value = body.if_contains(name)) shown[name] = *value;
            }
            datasets.push_back(std::move(shown));
        }
        json::object result{{"kind", "bigquery#datasetList"}, {"etag", etag_of(datasets.size())}};
        if (!datasets.empty()) result["datasets"] = std::move(datasets);
        if (!page.next.empty()) result["nextPageToken"] = page_token(page.next);
        return reply(std::move(result));
    });
}

Outcome<Reply> Datasets::change(Call& call, BigqueryChange how) {
    return write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto dataset = TRY(find_dataset(transaction, call));
        TRY(check_if_match(call, dataset));
        auto& body = dataset.body.as_object();
        auto const access = body.at("access");
        change_resource(body, call.fields(), how);
        if (!body.contains("access")) body["access"] = access;
        body["lastModifiedTime"] = milliseconds_text(clock_.wall_now());
        dataset.version =
            TRY(transaction.update(kDatasets, dataset.name, dataset.version, dataset.body));
        return reply(view(dataset));
    });
}

Outcome<Reply> Datasets::remove(Call& call) {
    bool const with_contents = call.flag("deleteContents");
    return write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const dataset = TRY(find_dataset(transaction, call));
        TRY(check_if_match(call, dataset));
        while (true) {
            auto const page =
                TRY(transaction.list(kBigqueryTables, dataset.name + "/", "", kPageMost));
            if (page.documents.empty()) break;
            if (!with_contents) {
                return ApiError{
                    .code = ErrorCode::InvalidArgument,
                    .message = fmt::format("Dataset {} is still in use", label_of(dataset.name)),
                    .legacy_reason = "resourceInUse"};
            }
            for (auto const& table : page.documents) TRY(remove_table(transaction, table));
        }
        TRY(transaction.remove(kDatasets, dataset.name));
        http::Response response;
        response.status = 204;
        return Reply(std::move(response));
    });
}

}  // namespace

void change_resource(json::object& body, json::object const& fields, BigqueryChange how) {
    static constexpr std::array<std::string_view, 19> kMutable{"friendlyName",
                                                               "description",
                                                               "labels",
                                                               "access",
                                                               "defaultTableExpirationMs",
                                                               "defaultPartitionExpirationMs",
                                                               "defaultCollation",
                                                               "isCaseInsensitive",
                                                               "maxTimeTravelHours",
                                                               "storageBillingModel",
                                                               "schema",
                                                               "expirationTime",
                                                               "timePartitioning",
                                                               "rangePartitioning",
                                                               "clustering",
                                                               "requirePartitionFilter",
                                                               "tableConstraints",
                                                               "encryptionConfiguration",
                                                               "resourceTags"};
    for (auto const name : kMutable) {
        auto const* const value = fields.if_contains(name);
        if (how == BigqueryChange::Replace) body.erase(name);
        if (value == nullptr) continue;
        if (value->is_null()) {
            body.erase(name);
        } else if (name == "labels" && body.contains(name) && how == BigqueryChange::Patch) {
            auto& labels = body.at(name).as_object();
            for (auto const& [key, label] : value->as_object()) {
                if (label.is_null()) {
                    labels.erase(key);
                } else {
                    labels[key] = label;
                }
            }
        } else {
            body[name] = *value;
        }
    }
}

Outcome<Done> check_if_match(Call const& call, Document const& document) {
    auto const etag = call.request.headers.find("If-Match");
    if (!etag || *etag == "*" || *etag == etag_of(document.version)) return Done();
    return ApiError{.code = ErrorCode::FailedPrecondition,
                    .message = "Precondition check failed.",
                    .http_status = 412,
                    .legacy_reason = "conditionNotMet"};
}

ApiError bigquery_not_found(std::string_view what) {
    return {.code = ErrorCode::NotFound,
            .message = fmt::format("Not found: {}", what),
            .legacy_reason = "notFound"};
}

ApiError bigquery_duplicate(std::string_view what) {
    return {.code = ErrorCode::AlreadyExists,
            .message = fmt::format("Already Exists: {}", what),
            .legacy_reason = "duplicate"};
}

ApiError bigquery_invalid(std::string message) {
    return {.code = ErrorCode::InvalidArgument,
            .message = std::move(message),
            .legacy_reason = "invalid"};
}

std::string milliseconds_text(WallTime time) {
    return fmt::format("{}",
                       std::chrono::duration_cast<milliseconds>(time.time_since_epoch()).count());
}

Outcome<Document> find_dataset(Transaction& transaction, Call const& call) {
    auto const project = TRY(find_active_project(transaction, call.path_parameter("projectId")));
    auto const key = fmt::format("{}/{}", project.id, call.path_parameter("datasetId"));
    auto found = TRY(transaction.get(kDatasets, key));
    if (!found) return bigquery_not_found("Dataset " + label_of(key));
    return std::move(*found);
}

void serve_bigquery(Methods& methods, Store& store, Clock& clock) {
    auto const datasets = std::make_shared<Datasets>(store, clock);
    auto const serve = [&](std::string_view verb, MethodHandler const& handler) {
        methods.serve(fmt::format("bigquery.datasets.{}", verb), "v2", handler);
    };
    serve("insert", [=](Call& call) { return datasets->insert(call); });
    serve("get", [=](Call& call) { return datasets->get(call); });
    serve("list", [=](Call& call) { return datasets->list(call); });
    serve("patch", [=](Call& call) { return datasets->change(call, BigqueryChange::Patch); });
    serve("update", [=](Call& call) { return datasets->change(call, BigqueryChange::Replace); });
    serve("delete", [=](Call& call) { return datasets->remove(call); });
    serve_bigquery_tables(methods, store, clock);
    serve_bigquery_table_data(methods, store);
}

}  // namespace aipress::sandbox
