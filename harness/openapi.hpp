// The app's endpoints as an OpenAPI document.
#pragma once

#include <nlohmann/json.hpp>

// Describes the endpoints of a bundle in its normal form. What an endpoint says under `openapi` is taken as it is, and
// what the standard needs besides is added.
nlohmann::ordered_json openapi_document(const nlohmann::ordered_json& bundle);
