// The answer of an API that is no part of the catalogue, and what the journal says of it.
#pragma once

#include <string>

#include "http/response.h"

namespace aipress::sandbox {

struct FaultRule;

struct Answered {
    http::Response response = {};
    std::string method = {};           // "storage.xml.get"
    std::string principal = {};        // who asked; empty: nobody said
    std::string error = {};            // empty: none
    FaultRule const* fault = nullptr;  // that the request has met, and that has shown
};

}  // namespace aipress::sandbox
