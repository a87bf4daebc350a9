// What is known of a tenant, and of the whole project.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "inventory/live.h"
#include "inventory/resource.h"

namespace aipress::inventory {

// A resource of the tenant's, and how that is known.
struct Held {
    Resources::Index resource = 0;
    Evidence evidence = Evidence::Label;
};

// Where Terraform's state and what is live are not the same.
struct Drift {
    enum class What { Changed, NotLive, NotDeclared };
    What what = What::Changed;
    Kind kind = Kind::Service;
    std::string name = {};
    std::string address = {};    // in Terraform; "" of NotDeclared
    std::string attribute = {};  // of Changed: "tier", "label traffic-class"
    std::string declared = {};
    std::string live = {};
};
[[nodiscard]] std::string_view to_string(Drift::What what);

enum class StateStatus { NotAsked, None, Read, Unreadable };
[[nodiscard]] std::string_view to_string(StateStatus status);

// A number, and what says so. nullopt: nothing does.
struct Measured {
    std::optional<double> value = std::nullopt;
    std::string_view source = "not measured";
};

enum class Answer { Yes, No, Unknown };
[[nodiscard]] std::string_view to_string(Answer answer);

template <typename T>
struct Reasoned {
    T value = {};
    std::string reason = {};
};

enum class Traffic { Unknown, Development, Low, Medium, High };
[[nodiscard]] std::string_view to_string(Traffic traffic);
enum class Size { Unknown, Small, Medium, Large };
[[nodiscard]] std::string_view to_string(Size size);

struct Classes {
    Reasoned<Traffic> traffic = {};
    Reasoned<Size> size = {};
    Reasoned<Answer> multisite = {};
    Reasoned<Answer> woocommerce = {};
    Reasoned<Answer> custom_domain = {};
};

// What a look into the bucket tells of the site; Unknown when it could not be looked into.
struct Uploads {
    Answer has_sites_folder = Answer::Unknown;        // "sites/": WordPress multisite
    Answer has_woocommerce_folder = Answer::Unknown;  // "woocommerce_uploads/"
};

struct Tenant {
    std::string name = {};
    std::vector<Held> holds = {};
    std::vector<std::string> notes = {};  // what does not fit together
    bool says_multisite = false;          // its service's environment does
    StateStatus state = StateStatus::NotAsked;
    std::string state_object = {};
    std::vector<Drift> drift = {};
    Measured requests_a_day = {};
    Measured database_bytes = {};
    Measured media_bytes = {};
    Measured media_objects = {};
    bool is_at_least = false;  // media: not counted to the end
    Uploads uploads = {};
    Classes classes = {};
};

// A resource or a state file that is no tenant's.
struct Orphan {
    std::string what = {};  // "bucket", "state file"
    std::string name = {};
    std::string reason = {};
};

// What could not be read, and hence is not in the inventory.
struct Gap {
    std::string what = {};
    std::string reason = {};  // with the remedy, where one is known
};

struct Inventory {
    std::string project = {};
    std::string state_bucket = {};
    WallTime taken_at = {};
    Resources resources = {};
    std::array<bool, kKinds> was_read = {};  // by kind: all of them
    std::vector<Tenant> tenants = {};        // in the order of their names
    std::vector<Orphan> orphans = {};
    std::vector<Gap> gaps = {};
    std::size_t state_files = 0;
    std::map<std::string, std::size_t> not_compared = {};  // types in state files

    // nullptr: there is none.
    [[nodiscard]] Tenant* find_tenant(std::string_view name);
};

}  // namespace aipress::inventory
