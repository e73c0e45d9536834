"""Processing: each verb that makes data, as an algorithm for models, batches and qgis_process."""
