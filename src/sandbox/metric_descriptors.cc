// metricDescriptors: what metrics there are.
#include <cstdlib>
#include <fmt/format.h>
#include <memory>

#include "sandbox/builtin_metrics.h"
#include "sandbox/metric_filter.h"
#include "sandbox/monitoring.h"
#include "sandbox/resource_names.h"
#include "sandbox/time_series.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

constexpr std::size_t kPage = 10'000;

ApiError invalid(std::string message) {
    return {.code = ErrorCode::InvalidArgument, .message = std::move(message)};
}

// "metricDescriptors/" and all after it, for a type has slashes.
std::string type_of(std::string const& name) {
    constexpr std::string_view kMark = "/metricDescriptors/";
    auto const at = name.find(kMark);
    return at == name.npos ? "" : name.substr(at + kMark.size());
}

class MetricDescriptors {
public:
    explicit MetricDescriptors(Store& store) : store_(store) {}

    Outcome<Reply> create(Call& call);
    Outcome<Reply> get(Call& call);
    Outcome<Reply> list(Call& call);
    Outcome<Reply> remove(Call& call);

private:
    static Outcome<Document> find(Transaction& transaction, std::string const& name);

    Store& store_;
};

Outcome<Document> MetricDescriptors::find(Transaction& transaction, std::string const& name) {
    auto const project = TRY(find_active_project(transaction, segment(name, 1)));
    auto const type = type_of(name);
    if (auto const* const builtin = find_builtin_metric(type)) {
        auto body = *builtin;
        body["name"] = descriptor_name(project, type);
        return Document{.name = type, .body = std::move(body)};
    }
    auto found =
        TRY(transaction.get(kMetricDescriptors, fmt::format("{}/{}", project.number, type)));
    if (!found) {
        return ApiError{.code = ErrorCode::NotFound,
                        .message = fmt::format("Could not find descriptor for metric '{}'.", type)};
    }
    return std::move(*found);
}

Outcome<Reply> MetricDescriptors::create(Call& call) {
    auto descriptor = call.fields();
    auto const type = text_field(descriptor, "type");
    if (!is_custom_metric(type)) {
        return invalid(
            fmt::format("The metric type must begin with custom.googleapis.com/ or the "
                        "like, but is '{}'.",
                        type));
    }
    auto const kind = text_field(descriptor, "metricKind");
    auto const value_type = text_field(descriptor, "valueType");
    if ((kind != "GAUGE" && kind != "CUMULATIVE") || value_type.empty() ||
        value_type == "VALUE_TYPE_UNSPECIFIED" || value_type == "MONEY") {
        return invalid(
            "The descriptor must have a metric kind, GAUGE or CUMULATIVE, and a value "
            "type.");
    }
    return write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const project = TRY(find_active_project(transaction, call.path_parameter("name")));
        descriptor["name"] = descriptor_name(project, type);
        auto const key = fmt::format("{}/{}", project.number, type);
        // Made again it is replaced, but for what the points rely on.
        if (auto const known = TRY(transaction.get(kMetricDescriptors, key))) {
            auto const& body = known->body.as_object();
            if (text_field(body, "metricKind") != kind ||
                text_field(body, "valueType") != value_type) {
                return invalid("The metric kind and value type of a metric cannot be changed.");
            }
            TRY(transaction.update(kMetricDescriptors, key, known->version, descriptor));
        } else {
            TRY(transaction.insert(kMetricDescriptors, key, descriptor));
        }
        return reply(descriptor);
    });
}

Outcome<Reply> MetricDescriptors::get(Call& call) {
    return read<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        return reply(TRY(find(transaction, call.path_parameter("name"))).body);
    });
}

// Those that every project has come first; a token "#N" is for the Nth of them.
Outcome<Reply> MetricDescriptors::list(Call& call) {
    auto const filter = TRY(MetricFilter::parse(call.query("filter")));
    auto const most = TRY(call.page_size("pageSize", kPage, kPage));
    auto const start = TRY(page_start(call.query("pageToken")));
    return read<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const project = TRY(find_active_project(transaction, call.path_parameter("name")));
        json::array shown;
        auto const show = [&](json::object const& descriptor) {
            json::object const as_series{{"metric", {{"type", descriptor.at("type")}}},
                                         {"resource", json::object()}};
            if (filter.matches(as_series)) shown.push_back(descriptor);
        };
        std::size_t taken = 0;
        std::string next = start;
        if (start.empty() || start.starts_with('#')) {
            auto const builtins = builtin_metrics(project);
            auto index = start.empty() ? 0U : std::strtoul(start.c_str() + 1, nullptr, 10);
            for (; index < builtins.size() && taken < most; ++index, ++taken) show(builtins[index]);
            next = index < builtins.size() ? fmt::format("#{}", index) : "";
        }
        if (taken < most && !next.starts_with('#')) {
            auto page =
                TRY(transaction.list(kMetricDescriptors, project.number + "/", next, most - taken));
            for (auto const& document : page.documents) show(document.body.as_object());
            next = std::move(page.next);
        } else if (next.empty()) {
            next = project.number + "/";
        }
        json::object result;
        if (!shown.empty()) result["metricDescriptors"] = std::move(shown);
        if (!next.empty()) result["nextPageToken"] = page_token(next);
        return reply(std::move(result));
    });
}

Outcome<Reply> MetricDescriptors::remove(Call& call) {
    return write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const found = TRY(find(transaction, call.path_parameter("name")));
        if (!is_custom_metric(text_field(found.body.as_object(), "type"))) {
            return invalid("Only custom metrics can be deleted.");
        }
        TRY(transaction.remove(kMetricDescriptors, found.name));
        TRY(remove_series(transaction, found.name));
        return reply(json::object());
    });
}

}  // namespace

void serve_metric_descriptors(Methods& methods, Store& store) {
    auto const descriptors = std::make_shared<MetricDescriptors>(store);
    auto const serve = [&](std::string_view verb, MethodHandler const& handler) {
        methods.serve(fmt::format("monitoring.projects.metricDescriptors.{}", verb), "v3", handler);
    };
    serve("create", [=](Call& call) { return descriptors->create(call); });
    serve("get", [=](Call& call) { return descriptors->get(call); });
    serve("list", [=](Call& call) { return descriptors->list(call); });
    serve("delete", [=](Call& call) { return descriptors->remove(call); });
}

}  // namespace aipress::sandbox
