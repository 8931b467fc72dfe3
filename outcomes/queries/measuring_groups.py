"""By what measured rows are grouped: the same parts of every statement.

They stand on a part `scope` with one row per subject: `id`, `patient_id`, `grouped_on` (the first day of the month, or
the row's first day in it), `birth_date`, `sex` and `language`. Medicaid is that of the first day of the month whatever
the row's own, as New York State counts it.
"""

from __future__ import annotations

from typing import Final

GROUP_COLUMNS: Final = (
    *("patient_id", "clinic_id", "care_manager_id", "payer_id", "payer_class", "is_medicaid", "program"),
    *("language", "sex", "age"),
)

# Of two coverages that both pay first, which should not be, the later one holds.
COVERING: Final = """
classes(payer_id, payer_class) AS MATERIALIZED (
  SELECT * FROM unnest(%(payers)s::uuid[], %(classes)s::text[])
), covering AS MATERIALIZED (
  SELECT s.id, s.grouped_on, x.rank, x.payer_id, k.payer_class, x.from_on, x.until_on, x.id AS coverage_id
    FROM scope s
    JOIN registry_coverage x ON x.organization_id = %(organization)s AND x.patient_id = s.patient_id
     AND x.voided_at IS NULL
    JOIN classes k ON k.payer_id = x.payer_id
), paying AS MATERIALIZED (
  SELECT DISTINCT ON (id) id, payer_id, payer_class FROM covering
   WHERE rank = 1 AND grouped_on BETWEEN coalesce(from_on, '-infinity') AND coalesce(until_on, 'infinity')
   ORDER BY id, from_on DESC NULLS LAST, coverage_id DESC
), on_medicaid AS MATERIALIZED (
  SELECT DISTINCT id FROM covering
   WHERE payer_class = 'medicaid'
     AND %(first)s::date BETWEEN coalesce(from_on, '-infinity') AND coalesce(until_on, 'infinity')
)
"""

COVERED: Final = """
  LEFT JOIN paying ON paying.id = s.id
  LEFT JOIN on_medicaid ON on_medicaid.id = s.id
"""

# Selected in the order of GROUP_COLUMNS; a statement puts its own program between the two halves.
GROUPED: Final = """s.patient_id, s.clinic_id, s.care_manager_id, paying.payer_id,
       coalesce(paying.payer_class, 'none'), on_medicaid.id IS NOT NULL"""
PERSON: Final = """s.language, s.sex,
       greatest(0, extract(year FROM age(%(first)s::date, s.birth_date)))::int"""
