"""Answers as payers and clearinghouses write them, made up for tests."""

from __future__ import annotations

ISA = "ISA*00*          *00*          *ZZ*PAYER          *ZZ*COCMSUB01      *260320*1200*^*00501*{number}*0*P*:~"


def enveloped(kind: str, guide: str, *bodies: str, number: str = "000000007") -> str:
    """An interchange of one group with a transaction for each body; bodies hold their segments, each ended by ~."""
    functional = {"835": "HP", "999": "FA", "277": "HN", "270": "HS"}[kind]
    parts = [ISA.format(number=number), f"GS*{functional}*PAYER*COCMSUB01*20260320*1200*1*X*{guide}~"]
    for place, body in enumerate(bodies, start=1):
        control = f"{place:04d}"
        parts.append(f"ST*{kind}*{control}~{body}SE*{body.count('~') + 2}*{control}~")
    parts.append(f"GE*{len(bodies)}*1~IEA*1*{number}~")
    return "".join(parts)


def remittance(*bodies: str, number: str = "000000007") -> str:
    return enveloped("835", "005010X221A1", *bodies, number=number)


def payment(
    *claims: str, total: str = "145.00", trace: str = "EFT100", after: str = "", paid_on: str = "20260320"
) -> str:
    """The body of an 835."""
    bpr = f"BPR*I*{total}*C*ACH************{paid_on}~" if paid_on else f"BPR*I*{total}*C*CHK~"
    head = f"{bpr}TRN*1*{trace}*1234567890~N1*PR*MEDICARE PART B~N1*PE*MAPLE GROVE*XX*1234567893~LX*1~"
    return head + "".join(claims) + after


def paid_claim(
    control: str = "00001-00001-ABCDEF", *, status: str = "1", name: str = "ABARA*JO", line: str = "", second: str = ""
) -> str:
    """290.00 charged, 145.00 paid: 99492 paid, 99494 denied as part of another service."""
    line = line or f"{control}-1"
    second = second or f"{control}-2"
    return (
        f"CLP*{control}*{status}*290.00*145.00**MB*ICN900~NM1*QC*1*{name}****MI*1EG4TE5MK73~"
        f"SVC*HC:99492*170.00*145.00**1~DTM*472*20260228~CAS*CO*45*25.00~REF*6R*{line}~AMT*B6*145.00~"
        f"SVC*HC:99494*120.00*0.00**1~DTM*472*20260228~CAS*CO*97*120.00~REF*6R*{second}~LQ*HE*N20~"
    )


def reversed_claim(control: str = "00001-00001-ABCDEF") -> str:
    """The same, taken back."""
    return (
        f"CLP*{control}*22*-290.00*-145.00**MB*ICN900~NM1*QC*1*ABARA*JO****MI*1EG4TE5MK73~"
        f"SVC*HC:99492*-170.00*-145.00**-1~DTM*472*20260228~CAS*CO*45*-25.00~REF*6R*{control}-1~"
        f"SVC*HC:99494*-120.00*0.00**-1~DTM*472*20260228~CAS*CO*97*-120.00~REF*6R*{control}-2~"
    )


def corrected_claim(control: str = "00001-00001-ABCDEF") -> str:
    """Paid in full as allowed, with a coinsurance."""
    return (
        f"CLP*{control}*1*290.00*200.00*50.00*MB*ICN900~NM1*QC*1*ABARA*JO****MI*1EG4TE5MK73~"
        f"SVC*HC:99492*170.00*120.00**1~DTM*472*20260228~CAS*CO*45*20.00~CAS*PR*2*30.00~REF*6R*{control}-1~"
        f"SVC*HC:99494*120.00*80.00**1~DTM*472*20260228~CAS*CO*45*20.00~CAS*PR*2*20.00~REF*6R*{control}-2~"
    )


def acknowledged_file(verdict: str = "A", *, group: str = "7", faults: str = "", kind: str = "HC") -> str:
    """A 999 of one transaction set."""
    body = (
        f"AK1*{kind}*{group}*005010X222A1~AK2*837*0001*005010X222A1~{faults}IK5*{verdict}~"
        f"AK9*{verdict}*1*1*{1 if verdict == 'A' else 0}~"
    )
    return enveloped("999", "005010X231A1", body)


def acknowledged_claims(*claims: str, batch: str = "BATCH000007", file_status: str = "A1:19") -> str:
    """A 277CA: of the file, then of each claim."""
    body = (
        "BHT*0085*08*X1*20260302*1200*TH~HL*1**20*1~NM1*AY*2*CLEARINGHOUSE*****46*CH~TRN*1*T1~"
        f"HL*2*1*21*1~NM1*41*2*MAPLE GROVE*****46*COCMSUB01~TRN*2*{batch}~STC*{file_status}*20260302*WQ*290~"
        "HL*3*2*19*1~NM1*85*2*MAPLE GROVE*****XX*1234567893~TRN*2*0~STC*A1:19*20260302*WQ*290~"
        f"{''.join(claims)}"
    )
    return enveloped("277", "005010X214", body)


def claim_said(control: str, *statuses: str, number: str = "", lines: str = "") -> str:
    """One claim of a 277CA."""
    stc = "".join(f"STC*{status}*20260303*{'U' if status[1] in '3678' else 'WQ'}*290~" for status in statuses)
    return f"HL*4*3*PT~NM1*QC*1*ABARA*JO****MI*1EG4TE5MK73~TRN*2*{control}~{stc}" + (
        f"REF*1K*{number}~{lines}" if number else lines
    )
