#include "sandbox/storage/object_acls.h"

#include <algorithm>
#include <fmt/format.h>
#include <memory>

#include "sandbox/storage/public_access.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

ApiError no_such_entry(std::string_view entity) {
    return {.code = ErrorCode::NotFound,
            .message = fmt::format("The specified ACL entry does not exist: {}", entity),
            .legacy_reason = "notFound"};
}

ApiError invalid_entry(std::string message) {
    return {.code = ErrorCode::InvalidArgument,
            .message = std::move(message),
            .legacy_reason = "invalid"};
}

json::array entries_of(json::object const& object) {
    auto const* const acl = object.if_contains("acl");
    return acl == nullptr ? json::array() : acl->as_array();
}

json::array::iterator find_entry(json::array& entries, std::string_view entity) {
    return std::find_if(entries.begin(), entries.end(), [&](json::value const& entry) {
        return text_field(entry.as_object(), "entity") == entity;
    });
}

json::object entry_view(json::object const& object, json::object const& entry,
                        std::string const& origin) {
    auto const bucket = text_field(object, "bucket");
    auto const name = text_field(object, "name");
    auto const generation = text_field(object, "generation");
    auto const entity = text_field(entry, "entity");
    auto view = entry;
    view["kind"] = "storage#objectAccessControl";
    view["id"] = fmt::format("{}/{}/{}/{}", bucket, name, generation, entity);
    view["selfLink"] = fmt::format("{}/storage/v1/b/{}/o/{}/acl/{}", origin, bucket,
                                   encode_segment(name), encode_segment(entity));
    view["bucket"] = bucket;
    view["object"] = name;
    view["generation"] = generation;
    view["etag"] = object_etag(object);
    return view;
}

class ObjectAcls {
public:
    ObjectAcls(Store const& store, Blobs const& blobs, ObjectChanges& changes)
        : store_(store), reads_(store, blobs), changes_(changes) {}

    Outcome<Reply> list(Call& call);
    Outcome<Reply> get(Call& call);
    // Of that entity, in place of the one that it has.
    Outcome<Reply> put(Call& call, std::string const& entity);
    Outcome<Reply> remove(Call& call);

private:
    Outcome<StoredObject> find(Call const& call);
    Outcome<Done> check_bucket(Call const& call);
    Outcome<json::object> change(Call& call,
                                 std::function<Outcome<Done>(json::array&)> const& change);

    Store const& store_;
    ObjectReads const reads_;
    ObjectChanges& changes_;
};

Outcome<Done> ObjectAcls::check_bucket(Call const& call) {
    return read<Done>(store_, [&](Transaction& transaction) -> Outcome<Done> {
        auto const bucket = TRY(find_bucket(transaction, call.path_parameter("bucket")));
        if (!has_uniform_access(bucket)) return Done();
        return invalid_entry(
            "Cannot use ACL API to update bucket policy when uniform bucket-level access is "
            "enabled. Read more at "
            "https://cloud.google.com/storage/docs/uniform-bucket-level-access");
    });
}

Outcome<StoredObject> ObjectAcls::find(Call const& call) {
    TRY(check_bucket(call));
    return reads_.find(call.path_parameter("bucket"), call.path_parameter("object"),
                       call.query("generation"), Preconditions(), "GET");
}

Outcome<json::object> ObjectAcls::change(Call& call,
                                         std::function<Outcome<Done>(json::array&)> const& change) {
    TRY(check_bucket(call));
    return changes_.change(call.path_parameter("bucket"), call.path_parameter("object"),
                           call.query("generation"), Preconditions(), call.request.method,
                           [&](json::object& object) -> Outcome<Done> {
                               auto entries = entries_of(object);
                               TRY(change(entries));
                               object["acl"] = std::move(entries);
                               return Done();
                           });
}

Outcome<Reply> ObjectAcls::list(Call& call) {
    auto const object = TRY(find(call));
    json::array items;
    for (auto const& entry : entries_of(object.body())) {
        items.push_back(entry_view(object.body(), entry.as_object(), call.origin()));
    }
    json::object result{{"kind", "storage#objectAccessControls"}};
    if (!items.empty()) result["items"] = std::move(items);
    return reply(std::move(result));
}

Outcome<Reply> ObjectAcls::get(Call& call) {
    auto const object = TRY(find(call));
    auto entries = entries_of(object.body());
    auto* const entry = find_entry(entries, call.path_parameter("entity"));
    if (entry == entries.end()) return no_such_entry(call.path_parameter("entity"));
    return reply(entry_view(object.body(), entry->as_object(), call.origin()));
}

Outcome<Reply> ObjectAcls::put(Call& call, std::string const& entity) {
    auto const role = text_field(call.fields(), "role");
    if (entity.empty()) return invalid_entry("Required parameter: entity");
    if (role != "READER" && role != "OWNER") {
        return invalid_entry(fmt::format("Invalid role '{}': READER or OWNER", role));
    }
    json::object const wanted{{"entity", entity}, {"role", role}};
    auto const object = TRY(change(call, [&](json::array& entries) -> Outcome<Done> {
        auto* const entry = find_entry(entries, entity);
        if (entry == entries.end()) {
            entries.push_back(wanted);
        } else {
            *entry = wanted;
        }
        return Done();
    }));
    return reply(entry_view(object, wanted, call.origin()));
}

Outcome<Reply> ObjectAcls::remove(Call& call) {
    auto const& entity = call.path_parameter("entity");
    TRY(change(call, [&](json::array& entries) -> Outcome<Done> {
        auto* const entry = find_entry(entries, entity);
        if (entry == entries.end()) return no_such_entry(entity);
        entries.erase(entry);
        return Done();
    }));
    http::Response response;
    response.status = 204;
    return Reply(std::move(response));
}

}  // namespace

void serve_object_acls(Methods& methods, Store const& store, Blobs const& blobs,
                       ObjectChanges& changes) {
    auto const acls = std::make_shared<ObjectAcls>(store, blobs, changes);
    auto const serve = [&](std::string_view verb, MethodHandler const& handler) {
        methods.serve(fmt::format("storage.objectAccessControls.{}", verb), "v1", handler);
    };
    serve("list", [=](Call& call) { return acls->list(call); });
    serve("get", [=](Call& call) { return acls->get(call); });
    serve("insert",
          [=](Call& call) { return acls->put(call, text_field(call.fields(), "entity")); });
    for (auto const* const verb : {"update", "patch"}) {
        serve(verb, [=](Call& call) { return acls->put(call, call.path_parameter("entity")); });
    }
    serve("delete", [=](Call& call) { return acls->remove(call); });
}

}  // namespace aipress::sandbox
