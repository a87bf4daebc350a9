// Every method of every API that the sandbox knows of, and the shapes of what they take and give.
// Made from Google's discovery documents by tools/make_catalogue, and a part of the binary.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/path_template.h"
#include "sandbox/shape.h"

namespace aipress::sandbox {

struct Api;

struct Method {
    std::string id;                       // "secretmanager.projects.secrets.create"
    std::string verb;                     // "POST"
    std::string path;                     // as the document writes it
    std::vector<PathTemplate> templates;  // the path, then those of uploads
    std::map<std::string, Shape, std::less<>> query;
    std::string request;   // a schema's name; empty: no body
    std::string response;  // likewise
    Api const* api = nullptr;
};

struct Api {
    std::string service;  // "secretmanager"
    std::string version;  // "v1"
    std::string host;     // "secretmanager.googleapis.com"
    Shapes shapes;
    std::vector<Method> methods;
};

struct MatchedMethod {
    Method const* method = nullptr;
    PathParameters parameters;
    bool is_upload = false;
};

// Immutable, hence thread safe; neither copied nor moved, as methods point into it.
class Catalogue {
public:
    Catalogue();
    Catalogue(Catalogue const&) = delete;
    Catalogue& operator=(Catalogue const&) = delete;

    [[nodiscard]] std::deque<Api> const& apis() const { return apis_; }
    // nullptr: none of that id. (Two versions of an API share ids: "v1", or "" for any.)
    [[nodiscard]] Method const* find(std::string_view id, std::string_view version = {}) const;

    // `host`: "sqladmin.googleapis.com", a region's "us-central1-run.googleapis.com",
    // "www.googleapis.com" for any; anything else (an address) matches every API by path.
    // HEAD is taken for GET. Of several that match, the first one that is wanted, else the first:
    // "/v2/projects/p/locations/l/operations/o" is of Cloud Run and of Logging.
    using Wanted = std::function<bool(Method const&)>;
    [[nodiscard]] std::optional<MatchedMethod> match(
        std::string_view host, std::string_view verb, std::string_view path,
        Wanted const& wanted = [](Method const&) { return true; }) const;

private:
    std::deque<Api> apis_;
    // By HTTP verb, the most specific first.
    struct Route {
        Method const* method;
        PathTemplate const* path;
        bool is_upload;
    };
    std::map<std::string, std::vector<Route>, std::less<>> routes_;
};

}  // namespace aipress::sandbox
